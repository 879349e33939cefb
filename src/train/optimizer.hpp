// Optimizers over all parameters at once; each equals the Python class that optimizer_facts.hpp names step for step.
// Every one of them is a direction that the rate scales.
#pragma once

#include "train/flat_parameters.hpp"
#include "train/recipe.hpp"
#include "train/rounding.hpp"

#include <torch/torch.h>

#include <memory>
#include <vector>

namespace lrfind::train {

/// Owns the state of one training run; the parameters belong to the network. Everything that changes from step to step
/// is a tensor on the parameters' device and stays where it is, so that a step can be captured and replayed. Not
/// thread-safe.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Takes this step's gradient of all parameters, in their order, and returns d: the parameters are to change by
  /// -lr * d. It may share memory with the optimizer's state or with `gradient`. Must run without gradient recording.
  virtual torch::Tensor direction(const torch::Tensor& gradient) = 0;

  /// Changes the parameters by -lr times `direction`, which is the last one, rounded as PyTorch's class rounds it. Not
  /// in a step that is captured: the rate is no tensor.
  virtual void move_along(const torch::Tensor& direction, double lr) = 0;

  /// Begins a new training run.
  virtual void reset() = 0;
  /// What a step changes and the next one depends on.
  virtual std::vector<torch::Tensor> state() const = 0;
};

/// parameters: float; all that are trained.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, FlatParameters parameters,
                                          Rounding rounding = Rounding::own);

}  // namespace lrfind::train
