# Finds LibTorch 1.13 to 2.x and defines
#   lrfind_torch      its headers (as system headers), libraries and flags
#   lrfind_torch_pch  <torch/torch.h> and <torch/script.h> precompiled: target_precompile_headers(room REUSE_FROM lrfind_torch_pch)
# looked for in this order: Torch_DIR, Torch_ROOT or CMAKE_PREFIX_PATH; the active Python's torch; Debian's libtorch-dev.
#
# LibTorch's own package files are found but not run: they need protobuf for Debian's, nvcc and a CUDA toolkit of the
# same version for a CUDA build, and print pages. Headers and shared libraries are all that a program needs.
# What was found is remembered in Torch_DIR; -DTorch_DIR= looks again.

# The folder with TorchConfig.cmake below any of the prefixes, or "".
function(lrfind_torch_config_dir result)
  foreach(prefix IN LISTS ARGN)
    file(GLOB below ${prefix}/lib/*/cmake/Torch)
    foreach(dir ${prefix} ${prefix}/Torch ${prefix}/share/cmake/Torch ${prefix}/lib/cmake/Torch ${below})
      if(EXISTS ${dir}/TorchConfig.cmake)
        set(${result} ${dir} PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endforeach()
  set(${result} "" PARENT_SCOPE)
endfunction()

# LibTorch before 2.6 from PyPI is built for the old std::string, with which OpenCV and the rest cannot be linked.
function(lrfind_torch_has_old_abi result config_dir)
  file(STRINGS ${config_dir}/TorchConfig.cmake flags REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(flags)
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# The active Python's torch package, asked for its place without importing it (which takes seconds).
function(lrfind_torch_of_python result)
  set(${result} "" PARENT_SCOPE)
  set(environment "")
  if(DEFINED ENV{VIRTUAL_ENV})
    set(environment $ENV{VIRTUAL_ENV}/bin)
  endif()
  find_program(python NAMES python3 PATHS ${environment} ENV PATH NO_DEFAULT_PATH NO_CACHE)
  if(SKBUILD)
    # pip has its own Python path here, for the tools that build.
    set(python ${Python_EXECUTABLE} -E)
  endif()
  if(NOT python)
    return()
  endif()
  execute_process(
    COMMAND ${python} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0])"
    WORKING_DIRECTORY / OUTPUT_VARIABLE package OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    lrfind_torch_config_dir(dir ${package})
    set(${result} "${dir}" PARENT_SCOPE)
  endif()
endfunction()

function(lrfind_choose_torch)
  if(Torch_DIR AND Torch_DIR STREQUAL LRFIND_TORCH_REMEMBERED AND EXISTS ${Torch_DIR}/TorchConfig.cmake)
    return()
  endif()
  set(given $ENV{Torch_DIR} $ENV{Torch_ROOT} ${Torch_ROOT} ${CMAKE_PREFIX_PATH})
  string(REPLACE ":" ";" prefixes "$ENV{CMAKE_PREFIX_PATH}")
  list(APPEND given ${prefixes})
  if(Torch_DIR AND NOT Torch_DIR STREQUAL LRFIND_TORCH_REMEMBERED)
    lrfind_torch_config_dir(dir ${Torch_DIR})
    if(NOT dir)
      message(FATAL_ERROR "Torch_DIR is '${Torch_DIR}', where no TorchConfig.cmake is: "
        "give LibTorch's own folder or its share/cmake/Torch.")
    endif()
    set(from "Torch_DIR")
  else()
    lrfind_torch_config_dir(dir ${given})
    set(from "CMAKE_PREFIX_PATH")
  endif()
  if(dir)
    lrfind_torch_has_old_abi(old ${dir})
    if(old)
      message(FATAL_ERROR "LibTorch in '${dir}' is built for the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), which cannot be "
        "linked with OpenCV: use LibTorch 2.7 or newer, the cxx11-abi download, or Debian's libtorch-dev.")
    endif()
  else()
    lrfind_torch_of_python(dir)
    set(from "the active Python")
    if(dir)
      lrfind_torch_has_old_abi(old ${dir})
      if(old)
        message(STATUS "LibTorch of ${from} in ${dir} is passed over: it is built for the old C++ ABI (2.7 or newer is not)")
        set(dir "")
      endif()
    endif()
  endif()
  if(NOT dir)
    lrfind_torch_config_dir(dir ${CMAKE_SYSTEM_PREFIX_PATH})
    set(from "the system")
  endif()
  if(NOT dir AND SKBUILD)
    return()
  endif()
  if(NOT dir)
    message(FATAL_ERROR "LibTorch was not found: install Debian's libtorch-dev (scripts/setup.sh build), or activate a "
      "Python environment with torch 2.7 or newer, or give -DTorch_DIR=LIBTORCH/share/cmake/Torch; "
      "-DLRFIND_WITH_TORCH=OFF builds the library alone.")
  endif()
  set(Torch_DIR ${dir} CACHE PATH "folder of LibTorch's TorchConfig.cmake" FORCE)
  set(LRFIND_TORCH_REMEMBERED ${dir} CACHE INTERNAL "Torch_DIR as find_torch.cmake chose it")
  set(LRFIND_TORCH_FROM ${from} CACHE INTERNAL "where Torch_DIR comes from")
endfunction()

lrfind_choose_torch()
if(NOT Torch_DIR)
  message(STATUS "LibTorch was not found: lrfind build-engine builds the part that trains for the torch that is installed later")
  set(LRFIND_WITH_TORCH OFF)
  return()
endif()
if(SKBUILD AND LRFIND_TORCH_FROM STREQUAL "the active Python")
  # That torch may be replaced by another.
  set(LRFIND_ENGINE_PER_TORCH ON)
endif()

# PREFIX/share/cmake/Torch or PREFIX/lib/ARCHITECTURE/cmake/Torch
string(REGEX REPLACE "/(share|lib|lib/[^/]+)/cmake/Torch/*$" "" lrfind_torch_prefix ${Torch_DIR})
find_path(lrfind_torch_include torch/csrc/api/include/torch/torch.h PATHS ${lrfind_torch_prefix}/include
  NO_DEFAULT_PATH NO_CACHE)
set(lrfind_torch_libraries "")
set(lrfind_torch_cuda_libraries "")
foreach(name torch torch_cpu c10 torch_cuda c10_cuda torch_hip c10_hip)
  find_library(library ${name} PATHS ${Torch_DIR}/../.. ${lrfind_torch_prefix}/lib ${lrfind_torch_prefix}/lib64
    NO_DEFAULT_PATH NO_CACHE)
  if(library)
    get_filename_component(library ${library} ABSOLUTE)
    if(name MATCHES "cuda")
      list(APPEND lrfind_torch_cuda_libraries ${library})
    else()
      list(APPEND lrfind_torch_libraries ${library})
    endif()
  elseif(name MATCHES "^(torch|torch_cpu|c10)$")
    message(FATAL_ERROR "LibTorch in '${lrfind_torch_prefix}' has no lib${name}.so: a shared build of LibTorch is needed.")
  endif()
  unset(library)
endforeach()
if(NOT lrfind_torch_include)
  message(FATAL_ERROR "LibTorch in '${lrfind_torch_prefix}' has no include/torch/csrc/api/include/torch/torch.h: "
    "its headers are needed (Debian: libtorch-dev).")
endif()

set(lrfind_torch_version "")
foreach(header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(NOT lrfind_torch_version AND EXISTS ${lrfind_torch_include}/${header})
    file(STRINGS ${lrfind_torch_include}/${header} lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    string(REGEX MATCHALL "[0-9]+" lines "${lines}")
    list(JOIN lines "." lrfind_torch_version)
  endif()
endforeach()
if(lrfind_torch_version VERSION_LESS 1.13)
  message(FATAL_ERROR "LibTorch in '${lrfind_torch_prefix}' is version '${lrfind_torch_version}': 1.13 or newer is needed.")
endif()

add_library(lrfind_torch INTERFACE)
target_include_directories(lrfind_torch SYSTEM INTERFACE
  ${lrfind_torch_include} ${lrfind_torch_include}/torch/csrc/api/include)
# A target with this property does without CUDA.
set(lrfind_with_cuda "$<NOT:$<BOOL:$<TARGET_PROPERTY:LRFIND_WITHOUT_CUDA>>>")
target_link_libraries(lrfind_torch INTERFACE ${lrfind_torch_libraries} "$<${lrfind_with_cuda}:${lrfind_torch_cuda_libraries}>"
  Threads::Threads)
target_compile_definitions(lrfind_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
# Nothing refers to libtorch_cuda by name: it registers itself when loaded, so the linker must not leave it out.
target_link_options(lrfind_torch INTERFACE LINKER:--no-as-needed)
# The installed program finds LibTorch where the build found it.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

set(lrfind_torch_devices "CPU")
set(lrfind_engine_folder torch-)
if(lrfind_torch_version MATCHES "^[0-9]+\\.[0-9]+")
  string(APPEND lrfind_engine_folder ${CMAKE_MATCH_0})
endif()
set(lrfind_engine_cpu_folder ${lrfind_engine_folder})
if(lrfind_torch_cuda_libraries)
  target_compile_definitions(lrfind_torch INTERFACE $<${lrfind_with_cuda}:LRFIND_TORCH_WITH_CUDA=1>)
  # The runtime that LibTorch itself loads comes with it from PyPI; elsewhere it is the toolkit's.
  file(GLOB lrfind_cuda_wheels LIST_DIRECTORIES TRUE
    ${lrfind_torch_prefix}/../nvidia/cu[0-9]* ${lrfind_torch_prefix}/../nvidia/cuda_runtime)
  find_package(CUDAToolkit QUIET)
  find_path(lrfind_cuda_include cuda_runtime_api.h HINTS ${lrfind_cuda_wheels} ${CUDAToolkit_INCLUDE_DIRS}
    PATHS /usr/local/cuda PATH_SUFFIXES include NO_CACHE)
  # Headers that the runtime's headers read. With CUDA 13 they are not among what torch brings from PyPI, but triton, which
  # comes with it, has a copy.
  find_path(lrfind_cuda_crt crt/host_config.h HINTS ${lrfind_cuda_include} ${CUDAToolkit_INCLUDE_DIRS}
    PATHS /usr/local/cuda ${lrfind_torch_prefix}/../triton/backends/nvidia PATH_SUFFIXES include NO_CACHE)
  find_library(lrfind_cudart NAMES cudart libcudart.so.13 libcudart.so.12 NAMES_PER_DIR
    HINTS ${lrfind_cuda_wheels} ${CUDAToolkit_LIBRARY_DIR} PATHS /usr/local/cuda PATH_SUFFIXES lib lib64 NO_CACHE)
  # What libtorch_cuda itself needs, the driver above all, is found where it runs, not where it is linked.
  target_link_options(lrfind_torch INTERFACE LINKER:--allow-shlib-undefined)
  if(lrfind_cuda_include AND lrfind_cuda_crt AND lrfind_cudart)
    # CUDA 12 from PyPI keeps cuBLAS's and other headers that ATen/cuda reads in folders of their own.
    file(GLOB lrfind_cuda_includes LIST_DIRECTORIES TRUE ${lrfind_torch_prefix}/../nvidia/*/include)
    target_include_directories(lrfind_torch SYSTEM INTERFACE
      ${lrfind_cuda_include} ${lrfind_cuda_includes} ${lrfind_cuda_crt})
    target_link_libraries(lrfind_torch INTERFACE $<${lrfind_with_cuda}:${lrfind_cudart}>)
    target_compile_definitions(lrfind_torch INTERFACE $<${lrfind_with_cuda}:LRFIND_CUDA=1>)
    get_filename_component(cudart_name ${lrfind_cudart} REALPATH)
    if(cudart_name MATCHES "libcudart\\.so\\.([0-9]+)")
      string(APPEND lrfind_engine_folder -cuda${CMAKE_MATCH_1})
    endif()
    set(lrfind_torch_devices "CPU and CUDA, ${lrfind_cudart}")
  else()
    set(lrfind_torch_devices "CPU and CUDA, without CUDA graphs: no")
    foreach(part "cuda_runtime_api.h=${lrfind_cuda_include}" "crt/host_config.h=${lrfind_cuda_crt}"
        "libcudart=${lrfind_cudart}")
      if(part MATCHES "(.*)=.*NOTFOUND")
        string(APPEND lrfind_torch_devices " ${CMAKE_MATCH_1}")
      endif()
    endforeach()
    string(APPEND lrfind_torch_devices " was found")
  endif()
elseif(lrfind_torch_libraries MATCHES "libtorch_hip")
  set(lrfind_torch_devices "CPU and ROCm")
endif()
message(STATUS "LibTorch ${lrfind_torch_version} (${lrfind_torch_devices}) in ${lrfind_torch_prefix}, from ${LRFIND_TORCH_FROM}")

# GCC takes a precompiled header only where the code-generation flags are the same: -fPIC after the -fPIE of executables
# makes them so for libraries, the program and tests alike. ccache needs -fpch-preprocess to see through the header.
target_compile_options(lrfind_torch INTERFACE -fPIC $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/torch_pch.cpp
  CONTENT "// The precompiled header needs a source file to belong to.\n")
add_library(lrfind_torch_pch STATIC ${CMAKE_CURRENT_BINARY_DIR}/torch_pch.cpp)
target_link_libraries(lrfind_torch_pch PRIVATE lrfind_torch lrfind_warnings)
target_precompile_headers(lrfind_torch_pch PRIVATE <torch/torch.h> <torch/script.h>)
