// Whether a device computes in bf16 itself. Where it does not, bf16 is emulated and slower than fp32.
#pragma once

#include <torch/torch.h>

#include <string>

namespace lrfind::train {

/// Why bf16 is slow on `device`, in a clause; empty where the hardware has it: CPUs with AVX512-BF16 (x86) or
/// FEAT_BF16 (Arm), GPUs from compute capability 8.0 on.
std::string no_bf16_because(const torch::Device& device);

}  // namespace lrfind::train
