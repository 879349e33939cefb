// Optimizers over all parameters at once; each equals PyTorch's of the same name step for step.
#pragma once

#include "train/recipe.hpp"

#include <torch/torch.h>

#include <memory>
#include <vector>

namespace lrfind::train {

/// Owns the state of one training run; the parameters belong to the network. Not thread-safe.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Updates every parameter in place from its gradient at rate `lr` times the parameter's own factor. `gradients` may
  /// be overwritten. Must run without gradient recording.
  virtual void step(std::vector<torch::Tensor>& gradients, double lr) = 0;
};

/// `factors` holds one factor on the rate per parameter.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<torch::Tensor> parameters,
                                          std::vector<double> factors);

}  // namespace lrfind::train
