// Which library LibTorch's matrix products go to. Debian's LibTorch takes whatever libblas.so.3 is installed, and the
// reference one makes a step of a vision transformer or ConvNeXt 10 to 20 times longer. So the program names it and
// warns of a slow one. tests/train/dense_step_test.py compares a step with Python's; LD_LIBRARY_PATH with the folder of
// the reference library, as there, measures it for any network.
#pragma once

#include <string>

namespace lrfind::train {

struct Blas {
  std::string name;     ///< "MKL 2024.2", "OpenBLAS 0.3.21", ... or the library's file name where it is not known
  std::string file;     ///< of the library that LibTorch's sgemm_ is bound to; empty: it calls none
  bool slow = false;    ///< it is the reference implementation, or there is none
  bool splits = false;  ///< its products may be split over LibTorch's threads (split_gemm.cpp)
};

/// Asks the loader for what LibTorch's calls are bound to; nothing is timed.
Blas blas_of_libtorch();

/// Leaves threads to LibTorch: a library that has its own (OpenBLAS) computes with the calling thread alone where
/// split_gemm.cpp splits its products, else with `threads`.
void set_blas_threads(int threads);

/// A function of the library that LibTorch's matrix products go to; null where it has none of this name.
void* blas_function(const char* name);

}  // namespace lrfind::train
