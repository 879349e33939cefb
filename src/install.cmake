# cmake --install: the program (src/train installs its LibTorch part), the library with headers and package files, ready-made
# configurations, documents. LibTorch itself is found where the build found it.
include(CMakePackageConfigHelpers)
set(lrfind_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lrfind)
configure_package_config_file(${PROJECT_SOURCE_DIR}/src/lrfindConfig.cmake.in ${PROJECT_BINARY_DIR}/lrfindConfig.cmake
  INSTALL_DESTINATION ${lrfind_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lrfindConfigVersion.cmake COMPATIBILITY SameMinorVersion)

# The component dev is the library; everything else belongs to the program (packages.cmake, pyproject.toml).
install(TARGETS lrfind EXPORT lrfindTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(EXPORT lrfindTargets NAMESPACE lrfind:: DESTINATION ${lrfind_package_dir} COMPONENT dev)
install(FILES ${PROJECT_BINARY_DIR}/lrfindConfig.cmake ${PROJECT_BINARY_DIR}/lrfindConfigVersion.cmake
  DESTINATION ${lrfind_package_dir} COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lrfind DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)

if(TARGET lrfind_cli)
  install(TARGETS lrfind_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION ${CMAKE_INSTALL_DATADIR}/lrfind)
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/scripts/plot_lr.py ${PROJECT_SOURCE_DIR}/scripts/export_network.py
    ${PROJECT_SOURCE_DIR}/scripts/lrfind_client.py
    DESTINATION ${CMAKE_INSTALL_DATADIR}/lrfind/scripts OPTIONAL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/scripts/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/lrfind/scripts
    FILES_MATCHING PATTERN "*.py")
endif()
if(TARGET lrfind_pages)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/share/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${PROJECT_BINARY_DIR}/share/completion/bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME lrfind)
  install(FILES ${PROJECT_BINARY_DIR}/share/completion/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions
    RENAME _lrfind)
  install(FILES ${PROJECT_BINARY_DIR}/share/completion/fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME lrfind.fish)
endif()
if(TARGET lrfind_program)
  install(TARGETS lrfind_program LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/lrfind)
endif()
if(LRFIND_ENGINES)
  install(DIRECTORY ${LRFIND_ENGINES}/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/lrfind USE_SOURCE_PERMISSIONS)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
