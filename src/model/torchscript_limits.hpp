// What a TorchScript network that was loaded must not be, read off its graphs and tensors before anything runs.
#pragma once

#include <torch/script.h>

#include <cstdint>
#include <string>

namespace lrfind::model {

/// Why the network is not to be run, one clause: it calls an operator that touches files or other processes, loops for
/// ever, holds modules or calls within each other that multiply beyond all memory, or tensors that are many times what
/// a file of this size can hold. Empty: none of these.
std::string why_not_run(const torch::jit::Module& script, std::uint64_t file_bytes);

}  // namespace lrfind::model
