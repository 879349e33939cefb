// Many tensors as one.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace lrfind::train {

/// Tensors of one type whose values lie next to each other, so that one operator works on all of them.
class Joined {
 public:
  Joined() = default;
  /// Moves the values of `tensors` next to each other, in their order; the tensors stay the same objects, with the same
  /// shapes and memory formats.
  explicit Joined(std::vector<torch::Tensor> tensors);

  const std::vector<torch::Tensor>& tensors() const { return tensors_; }
  /// One-dimensional. What is written here is written to the tensors.
  const torch::Tensor& values() const { return values_; }

  /// Tensors of the same shapes, such as gradients, as one of the order of values(): a copy.
  torch::Tensor join(const std::vector<torch::Tensor>& alike) const;
  /// The part of each tensor in one of the order of values(), one-dimensional. No copies.
  std::vector<torch::Tensor> parts(const torch::Tensor& joined) const;

 private:
  // The values in the order in which the tensor at `place` holds them.
  torch::Tensor flat(const torch::Tensor& tensor, std::size_t place) const;

  std::vector<torch::Tensor> tensors_;
  std::vector<bool> channels_last_;
  torch::Tensor values_;
};

}  // namespace lrfind::train
