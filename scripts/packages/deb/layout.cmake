# What Debian's policy wants of a package's files, done to the installation that cpack has staged.
file(GLOB stages ${CPACK_TEMPORARY_DIRECTORY}/*)

# compress FILE: as .gz, reproducibly.
function(compress file)
  execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The changelog of the package, dated as the sources are.
function(debian_changelog result package)
  set(date $ENV{SOURCE_DATE_EPOCH})
  if(NOT date)
    execute_process(COMMAND git -C ${CPACK_LRFIND_SOURCE_DIR} log -1 --format=%ct OUTPUT_VARIABLE date
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  if(NOT date)
    string(TIMESTAMP date "%s" UTC)
  endif()
  execute_process(COMMAND date -u -R -d @${date} OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "lrfind (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Version ${CPACK_PACKAGE_VERSION}: /usr/share/doc/lrfind/changelog.gz.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
" PARENT_SCOPE)
endfunction()

foreach(stage IN LISTS stages)
  get_filename_component(component ${stage} NAME)
  if(component STREQUAL "lrfind")
    set(package lrfind)
  elseif(component STREQUAL "dev")
    set(package lrfind-dev)
  else()
    continue()
  endif()
  set(doc ${stage}/usr/share/doc/${package})
  file(REMOVE ${doc}/LICENSE)
  file(READ ${CPACK_LRFIND_SOURCE_DIR}/LICENSE license)
  string(REGEX MATCH "Copyright [^\n]*" copyright "${license}")
  string(REGEX REPLACE "^Copyright \\(c\\) " "" copyright "${copyright}")
  string(REGEX REPLACE "^.*Copyright [^\n]*\n+" "" text "${license}")
  string(STRIP "${text}" text)
  string(REPLACE "\n\n" "\n.\n" text "${text}")
  string(REPLACE "\n" "\n " text "${text}")
  file(WRITE ${doc}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: lrfind

Files: *
Copyright: ${copyright}
License: Expat

License: Expat
 ${text}
")
  debian_changelog(changelog ${package})
  file(WRITE ${doc}/changelog.Debian "${changelog}")
  compress(${doc}/changelog.Debian)
  file(REMOVE ${doc}/CHANGELOG.md)
  file(COPY_FILE ${CPACK_LRFIND_SOURCE_DIR}/CHANGELOG.md ${doc}/changelog)
  compress(${doc}/changelog)
  file(GLOB pages ${stage}/usr/share/man/man*/*.[1-9])
  foreach(page IN LISTS pages)
    compress(${page})
  endforeach()
  if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/${package}.lintian-overrides)
    file(MAKE_DIRECTORY ${stage}/usr/share/lintian/overrides)
    file(COPY_FILE ${CMAKE_CURRENT_LIST_DIR}/${package}.lintian-overrides ${stage}/usr/share/lintian/overrides/${package})
  endif()
  # Whatever the umask was.
  file(CHMOD_RECURSE ${stage}/usr FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
    DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  file(GLOB programs ${stage}/usr/bin/* ${stage}/usr/share/lrfind/scripts/*.py)
  list(FILTER programs EXCLUDE REGEX "/lrfind_client.py$")
  foreach(program IN LISTS programs)
    file(CHMOD ${program} FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
      WORLD_EXECUTE)
  endforeach()
endforeach()
