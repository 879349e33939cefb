# cpack: Debian packages of the installation, lrfind (the program) and lrfind-dev (the library). scripts/build_deb.sh configures
# for them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME lrfind)
set(CPACK_PACKAGE_VENDOR lrfind)
# Each package has its own, in the first line of its description.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL lrfind dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
# Copyright, changelogs and what else has its place in a Debian package.
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/scripts/packages/deb/layout.cmake)
set(CPACK_LRFIND_SOURCE_DIR ${PROJECT_SOURCE_DIR})

set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The lrfind authors <root@localhost>")
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_DEBIAN_PACKAGE_MAINTAINER "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

set(CPACK_DEBIAN_LRFIND_PACKAGE_NAME lrfind)
set(CPACK_DEBIAN_LRFIND_PACKAGE_SECTION science)
set(CPACK_DEBIAN_LRFIND_PACKAGE_RECOMMENDS "libopenblas0-pthread, gnuplot-nox")
set(CPACK_DEBIAN_LRFIND_PACKAGE_SUGGESTS "python3, python3-matplotlib")
set(CPACK_COMPONENT_LRFIND_DESCRIPTION "learning-rate range test for image classifiers
Which learning rate? lrfind trains a classifier on a folder of images for a
hundred steps or two while the rate grows, watches what each rate does, and
suggests the rate to train with, an interval around it, and the bounds for
one-cycle, decaying and cyclical schedules.
.
It trains with LibTorch, or runs the test on your own training program in any
language and framework (lrfind exec).")
# Opened when the first WebP image or the first tar needs them, so that nothing is linked with them.
set(opened "")
if(LRFIND_IMGCODECS)
  get_target_property(codecs ${LRFIND_IMGCODECS} IMPORTED_LOCATION_RELEASE)
  if(NOT codecs)
    get_target_property(codecs ${LRFIND_IMGCODECS} IMPORTED_LOCATION_NONE)
  endif()
  list(APPEND opened ${codecs})
endif()
if(LibArchive_LIBRARY)
  get_filename_component(libarchive "${LibArchive_LIBRARY}" REALPATH)
  list(APPEND opened ${libarchive})
endif()
set(owners "")
foreach(library ${opened})
  execute_process(COMMAND dpkg-query -S ${library} OUTPUT_VARIABLE owner ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND owner MATCHES "^([^: ]+):")
    list(APPEND owners ${CMAKE_MATCH_1})
  endif()
endforeach()
list(JOIN owners ", " CPACK_DEBIAN_LRFIND_PACKAGE_DEPENDS)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME lrfind-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS cmake)
set(CPACK_COMPONENT_DEV_DESCRIPTION "learning-rate range test as a C++ library
Runs the range test over any callable that trains one batch at a rate, and
reads the suggestion off the curve. A static library with its headers and
CMake's package files; it needs neither LibTorch nor OpenCV.")
include(CPack)
