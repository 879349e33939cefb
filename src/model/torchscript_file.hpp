// Reading a TorchScript file, and the true reason where it cannot be read.
#pragma once

#include <torch/script.h>
#include <lrfind/error.hpp>

#include <string>

namespace lrfind::model {

/// Throws Error (model): no such file, a folder, not TorchScript (what it is instead, where that is known), or
/// TorchScript that this LibTorch cannot load (the operator that it lacks, or LibTorch's own reason).
torch::jit::Module load_torchscript(const std::string& path);

}  // namespace lrfind::model
