# What pip builds (pyproject.toml; scikit-build-core sets SKBUILD): the installation is the inside of the Python package lrfind,
# manual pages, completions and configurations lie where other programs' do, and the sources of the part that trains come along
# for `lrfind build-engine`, with the headers that they need.
set(CMAKE_INSTALL_LIBDIR lib)
set(CMAKE_INSTALL_DATAROOTDIR ${SKBUILD_DATA_DIR}/share)
set(CMAKE_INSTALL_DATADIR ${CMAKE_INSTALL_DATAROOTDIR})
if(LRFIND_ENGINES)
  set(LRFIND_WITH_TORCH OFF)
endif()

# What was built from other sources is not found in people's cache.
file(GLOB_RECURSE sources RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS src/*.cpp src/*.hpp include/*.hpp)
list(SORT sources)
set(sums "")
foreach(source IN LISTS sources)
  file(SHA256 ${PROJECT_SOURCE_DIR}/${source} sum)
  string(APPEND sums "${source} ${sum}\n")
endforeach()
string(SHA256 sums "${sums}")
string(SUBSTRING ${sums} 0 12 sums)
set(LRFIND_ENGINE_SOURCES ${PROJECT_VERSION}-${sums})
file(WRITE ${PROJECT_BINARY_DIR}/sources.txt ${LRFIND_ENGINE_SOURCES}\n)
install(FILES CMakeLists.txt LICENSE ${PROJECT_BINARY_DIR}/sources.txt DESTINATION source COMPONENT lrfind)
install(DIRECTORY src include DESTINATION source COMPONENT lrfind)

find_package(nlohmann_json 3.11 REQUIRED)
find_path(json_include nlohmann/json.hpp HINTS ${nlohmann_json_DIR}/../../../include REQUIRED)
find_path(RE2_INCLUDE_DIR re2/re2.h REQUIRED)
find_path(ZLIB_INCLUDE_DIR zlib.h REQUIRED)
find_path(zconf_include zconf.h HINTS ${ZLIB_INCLUDE_DIR} REQUIRED NO_CACHE)
install(DIRECTORY ${json_include}/nlohmann ${RE2_INCLUDE_DIR}/re2 DESTINATION source/third_party/include COMPONENT lrfind)
install(DIRECTORY ${nlohmann_json_DIR}/ DESTINATION source/third_party/share/cmake/nlohmann_json COMPONENT lrfind)
install(FILES ${ZLIB_INCLUDE_DIR}/zlib.h ${zconf_include}/zconf.h DESTINATION source/third_party/include COMPONENT lrfind)

install(FILES scripts/lrfind_client.py DESTINATION ${SKBUILD_PLATLIB_DIR} COMPONENT lrfind)
