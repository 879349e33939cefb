// LibTorch's matrix products on LibTorch's own threads, where it calls a BLAS from outside (Debian's). OpenBLAS has
// threads of its own, which spin while they wait: with one busy program per core a step of convnext_tiny at 64 px took
// 7 times as long as on idle cores, split here 1.9. The reference BLAS has no threads at all. The bound is held by
// tests/train/dense_step_test.py (2.6 times with dense layers), the ratio measured by scripts/bench/ratios.py.
#include "train/blas.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

using lrfind::train::blas_function;

extern "C" {

// LibTorch is bound to this function before the library's own, because it lies in the module that brings LibTorch in.
// C = alpha op(A) op(B) + beta C, matrices column by column: http://www.netlib.org/blas/#_level_3
void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
            const int* ldc);
}

namespace {

using Sgemm = decltype(&sgemm_);

// Below this many multiply-adds a thread costs more than it brings; OpenBLAS draws the line there too.
constexpr std::int64_t worth_a_thread = 1 << 18;
// Parts are whole blocks of the kernels, so that each is computed as it is in the whole.
constexpr std::int64_t block = 48;

bool is_plain(const char* transpose) { return *transpose == 'n' || *transpose == 'N'; }

}  // namespace

void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
            const int* ldc) {
  static const auto library = reinterpret_cast<Sgemm>(blas_function("sgemm_"));
  static const bool may_split = lrfind::train::blas_of_libtorch().splits;
  const std::int64_t work = std::int64_t{*m} * *n * *k;
  const bool by_columns = *n >= *m;
  const std::int64_t length = by_columns ? *n : *m;
  const std::int64_t parts = std::min({std::int64_t{at::get_num_threads()}, work / worth_a_thread, length / block});
  if (!may_split || parts < 2 || at::in_parallel_region()) {
    return library(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
  const std::int64_t blocks = (length + block - 1) / block;
  at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t from = blocks * first / parts * block;
    const std::int64_t to = std::min(blocks * last / parts * block, length);
    const int size = static_cast<int>(to - from);
    if (by_columns) {
      library(transa, transb, m, &size, k, alpha, a, lda, b + (is_plain(transb) ? from * *ldb : from), ldb, beta,
              c + from * *ldc, ldc);
    } else {
      library(transa, transb, &size, n, k, alpha, a + (is_plain(transa) ? from : from * *lda), lda, b, ldb, beta,
              c + from, ldc);
    }
  });
}
