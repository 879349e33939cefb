# Debian's libtorch_cpu is linked with most of OpenCV and with FFmpeg and calls neither; they bring 250 libraries along,
# a quarter of a second of loading and 70 MB. An empty library under the name of each, opened before LibTorch
# (stub_libraries.hpp), keeps them out. A LibTorch that is not linked with them gets none.
set(stub_libraries "")
foreach(library ${lrfind_torch_libraries})
  if(library MATCHES "/libtorch_cpu\\.so" AND CMAKE_OBJDUMP)
    execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${library} OUTPUT_VARIABLE headers ERROR_QUIET)
    string(REGEX MATCHALL "NEEDED +lib(opencv_[a-z0-9]+|avcodec|avformat|avutil|swscale|swresample)\\.so[.0-9]*" stub_libraries
      "${headers}")
    list(TRANSFORM stub_libraries REPLACE "NEEDED +" "")
    # What lrfind itself uses is there already.
    list(FILTER stub_libraries EXCLUDE REGEX "opencv_(core|imgproc|world)")
  endif()
endforeach()

file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/stub.cpp CONTENT "// Nothing, under the name of a library.\n")
foreach(name ${stub_libraries})
  string(MAKE_C_IDENTIFIER ${name} target)
  add_library(stub_${target} MODULE ${CMAKE_CURRENT_BINARY_DIR}/stub.cpp)
  set_target_properties(stub_${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SUFFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/src/command/stub_libraries)
  target_link_options(stub_${target} PRIVATE -nostdlib LINKER:-soname,${name})
  add_dependencies(lrfind_engine stub_${target})
  install(TARGETS stub_${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/lrfind/stub_libraries)
endforeach()
