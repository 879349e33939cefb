#include "train/bf16.hpp"

#ifdef LRFIND_CUDA
#include <cuda_runtime_api.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace lrfind::train {

namespace {

bool cpu_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#elif defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long hwcap2_bf16 = 1UL << 14U;  // Linux, Documentation/arch/arm64/elf_hwcaps.rst
  return (getauxval(AT_HWCAP2) & hwcap2_bf16) != 0;
#else
  return false;
#endif
}

#ifdef LRFIND_CUDA
std::string no_bf16_on_gpu_because(int index) {
  constexpr int ampere = 8;
  int generation = 0;
  if (cudaDeviceGetAttribute(&generation, cudaDevAttrComputeCapabilityMajor, index) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());  // or the next kernel would be blamed for it
    return "the GPU does not say whether it has bf16";
  }
  return generation >= ampere ? "" : "this GPU is older than bf16 (compute capability below 8.0)";
}
#else
std::string no_bf16_on_gpu_because(int /*index*/) { return "this build has no CUDA headers to ask the GPU with"; }
#endif

}  // namespace

std::string no_bf16_because(const torch::Device& device) {
  if (device.is_cuda()) return no_bf16_on_gpu_because(device.index());
#if defined(__x86_64__)
  return cpu_has_bf16() ? "" : "this processor has no AVX512-BF16";
#else
  return cpu_has_bf16() ? "" : "this processor has no bf16 that is known of";
#endif
}

}  // namespace lrfind::train
