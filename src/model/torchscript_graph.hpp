// What a TorchScript network does with its tensors, read off its graph.
#pragma once

#include "model/loaded_network.hpp"
#include "model/tensor_uses.hpp"

#include <torch/script.h>

namespace lrfind::model {

/// For every tensor whose first use tells how it is drawn.
Uses uses_of_tensors(const torch::jit::Module& script);

/// Layers whose mode a trace has baked in.
BakedModes baked_modes(const torch::jit::Module& script);

}  // namespace lrfind::model
