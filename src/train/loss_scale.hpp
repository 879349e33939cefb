#pragma once

#include "train/recipe.hpp"

#include <torch/torch.h>

namespace lrfind::train {

/// The factor on the loss that keeps fp16 gradients from vanishing, as PyTorch's GradScaler finds it: halved, and the
/// update left out, when gradients overflow; doubled after 2000 updates without. 1 for every other precision.
class LossScale {
 public:
  explicit LossScale(Precision precision) : used_(precision == Precision::fp16) {}

  void reset();
  double value() const { return value_; }
  /// Takes the gradient of the unscaled loss and says whether it overflowed. Waits for the device.
  bool overflowed(const torch::Tensor& gradient);

 private:
  bool used_;
  double value_ = 1;
  int updates_ = 0;  // since the last change
};

}  // namespace lrfind::train
