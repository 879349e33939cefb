// Optimizers over all parameters at once; each equals PyTorch's of the same name step for step. They know nothing of
// the rate: every one of them is a direction that the rate scales.
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

  /// Takes this step's gradients, one per parameter, and returns d: the parameters are to change by -lr * d. It may
  /// share memory with the optimizer's state or with `gradients`. Must run without gradient recording.
  virtual std::vector<torch::Tensor> direction(const std::vector<torch::Tensor>& gradients) = 0;
};

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<torch::Tensor> parameters);

}  // namespace lrfind::train
