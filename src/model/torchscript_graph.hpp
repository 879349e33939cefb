// What a TorchScript network does with its tensors, read off its graph instead of the names of its classes.
#pragma once

#include <torch/script.h>

#include <map>
#include <string>

namespace lrfind::model {

/// How the network uses one of its tensors.
enum class Role {
  affine_weight,  ///< of a convolution or a linear layer
  affine_bias,
  norm_scale,
  norm_shift,
  running_mean,
  running_var,
  embedding,
  prelu_slope
};

struct Use {
  Role role = Role::affine_weight;
  std::string weight;  ///< of an affine bias: the name of the weight beside it
};

/// By qualified name ("features.0.weight"), for every tensor whose first use is one of the above.
std::map<std::string, Use> uses_of_tensors(const torch::jit::Module& script);

/// Layers whose mode does not follow training and evaluation because a trace has baked it in.
struct BakedModes {
  int frozen_norms = 0;       ///< normalise with the file's running statistics for ever
  int disabled_dropouts = 0;  ///< let everything through, also in training
  int enabled_dropouts = 0;   ///< drop, also in evaluation
};
BakedModes baked_modes(const torch::jit::Module& script);

}  // namespace lrfind::model
