# Debian's libtorch_cpu is linked with most of OpenCV and with FFmpeg and calls neither; they bring 250 libraries along,
# a quarter of a second of loading and 70 MB. An empty library under the name of each, opened before LibTorch
# (stand_ins.hpp), keeps them out. A LibTorch that is not linked with them gets none.
set(stand_ins "")
foreach(library ${lrfind_torch_libraries})
  if(library MATCHES "/libtorch_cpu\\.so" AND CMAKE_OBJDUMP)
    execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${library} OUTPUT_VARIABLE headers ERROR_QUIET)
    string(REGEX MATCHALL "NEEDED +lib(opencv_[a-z0-9]+|avcodec|avformat|avutil|swscale|swresample)\\.so[.0-9]*" stand_ins
      "${headers}")
    list(TRANSFORM stand_ins REPLACE "NEEDED +" "")
    # What lrfind itself uses is there already.
    list(FILTER stand_ins EXCLUDE REGEX "opencv_(core|imgproc|world)")
  endif()
endforeach()

file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/stand_in.cpp CONTENT "// Nothing, under the name of a library.\n")
foreach(name ${stand_ins})
  string(MAKE_C_IDENTIFIER ${name} target)
  add_library(stand_in_${target} MODULE ${CMAKE_CURRENT_BINARY_DIR}/stand_in.cpp)
  set_target_properties(stand_in_${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SUFFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/src/command/stand_ins)
  target_link_options(stand_in_${target} PRIVATE -nostdlib LINKER:-soname,${name})
  add_dependencies(lrfind_engine stand_in_${target})
  install(TARGETS stand_in_${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/lrfind/stand_ins)
endforeach()
