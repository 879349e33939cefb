#pragma once

#include "train/recipe.hpp"

#include <torch/torch.h>

#include <vector>

namespace lrfind::train {

/// The factor on the loss that keeps fp16 gradients from vanishing, as PyTorch's GradScaler finds it: halved, and the
/// update left out, when gradients overflow; doubled after 2000 updates without. Nothing here waits for the device. For
/// every other precision it does nothing.
class LossScale {
 public:
  LossScale(Precision precision, const torch::Device& device);

  void reset();
  torch::Tensor scaled(const torch::Tensor& loss) const;
  /// Turns the gradient of the scaled loss, whose parts these are, into that of the loss.
  void unscale(std::vector<torch::Tensor>& gradient) const;
  /// Whether the gradient overflowed, a bool without dimensions; the scale follows. Undefined: not with this precision.
  torch::Tensor overflowed(const std::vector<torch::Tensor>& gradient);
  /// What a step changes and the next one depends on; stays in place.
  std::vector<torch::Tensor> state() const;

 private:
  torch::Tensor value_, updates_;  // floats without dimensions, updates since the last change; undefined: not used
};

}  // namespace lrfind::train
