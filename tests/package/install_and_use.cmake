# Installs BUILD below WORK, moves the installation (it must not matter where it lies), builds CONSUMER against it, runs it.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/staged)
file(RENAME ${WORK}/staged ${WORK}/installed)

run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${CONSUMER} -B ${WORK}/build -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS}
  -DCMAKE_PREFIX_PATH=${WORK}/installed -DLRFIND_EXPECTED_VERSION=${VERSION}
  -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON -DCMAKE_DISABLE_FIND_PACKAGE_OpenCV=ON)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)

if(PROGRAM)
  run(${WORK}/installed/${BINDIR}/lrfind --help)
  if(NOT output MATCHES "sweep")
    message(FATAL_ERROR "the installed program's --help does not name its commands:\n${output}")
  endif()
  # Training needs LibTorch, so a sweep finds whatever the installed program loads for it. Status 4: a curve from so few
  # images supports no suggestion.
  foreach(i RANGE 1 32)
    math(EXPR grey "${i} * 7 % 128")
    string(REPEAT "${grey} " 64 dark)
    math(EXPR grey "255 - ${grey}")
    string(REPEAT "${grey} " 64 bright)
    file(WRITE ${WORK}/images/dark/${i}.pgm "P2\n8 8\n255\n${dark}\n")
    file(WRITE ${WORK}/images/bright/${i}.pgm "P2\n8 8\n255\n${bright}\n")
  endforeach()
  execute_process(COMMAND ${WORK}/installed/${BINDIR}/lrfind sweep ${WORK}/images --image-size 8 --batch-size 8 --steps 5
    --device cpu -o ${WORK}/lr.json RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status MATCHES "^[04]$" OR NOT EXISTS ${WORK}/lr.json)
    message(FATAL_ERROR "the installed program's sweep ended with ${status}:\n${output}")
  endif()
  foreach(file ${DATADIR}/lrfind/configs/schema ${DATADIR}/doc/lrfind/LICENSE ${DATADIR}/man/man1/lrfind.1
    ${DATADIR}/man/man1/lrfind-sweep.1 ${DATADIR}/bash-completion/completions/lrfind
    ${DATADIR}/zsh/site-functions/_lrfind ${DATADIR}/fish/vendor_completions.d/lrfind.fish)
    if(NOT EXISTS ${WORK}/installed/${file})
      message(FATAL_ERROR "${file} was not installed")
    endif()
  endforeach()
endif()
