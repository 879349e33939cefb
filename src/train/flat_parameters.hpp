// The tensors of a network as one flat vector, so that an optimizer is one operator per formula and not one per tensor.
#pragma once

#include "model/network.hpp"

#include <torch/torch.h>

#include <vector>

namespace lrfind::train {

/// Tensors of one type whose values lie next to each other, so that one operator works on all of them.
class FlatParameters {
 public:
  FlatParameters() = default;
  /// Moves the values of `tensors` next to each other, in their order; the tensors stay the same objects, with the same
  /// shapes and memory formats.
  explicit FlatParameters(std::vector<torch::Tensor> tensors);
  /// One-dimensional values as one tensor, where they are.
  static FlatParameters over(const torch::Tensor& values);

  const std::vector<torch::Tensor>& tensors() const { return tensors_; }
  /// One-dimensional. What is written here is written to the tensors.
  const torch::Tensor& values() const { return values_; }

  /// Tensors of the same shapes, such as gradients, each one-dimensional in the order of values(): without a copy
  /// where its memory has that order.
  std::vector<torch::Tensor> flat(const std::vector<torch::Tensor>& alike) const;
  /// The same as one: a copy.
  torch::Tensor join(const std::vector<torch::Tensor>& alike) const { return torch::cat(flat(alike)); }
  /// The part of each tensor in one of the order of values(), one-dimensional. No copies.
  std::vector<torch::Tensor> parts(const torch::Tensor& joined) const;
  /// The Euclidean norm of each part: [tensors].
  torch::Tensor norms(const torch::Tensor& joined) const;
  /// Multiplies each part by its own of `factors`, [tensors].
  void scale_parts(const torch::Tensor& joined, const torch::Tensor& factors) const;

 private:
  std::vector<torch::Tensor> tensors_;
  std::vector<bool> channels_last_;
  torch::Tensor values_;
};

/// `size` values from `begin` on of one-dimensional tensors one after the other: without a copy where they lie in one.
torch::Tensor block_of(const std::vector<torch::Tensor>& flat, std::int64_t begin, std::int64_t size);

std::vector<torch::Tensor> tensors_of(const std::vector<model::NamedTensor>& named);

/// Moves what a network keeps beside its parameters (the running means of batch normalisation) next to each other, so
/// that all of it is copied and restored at once: a measurement that must leave no trace does both in every step.
/// Returns one tensor per type of value, one-dimensional; what is written there is written to the buffers, which stay
/// the network's.
std::vector<torch::Tensor> flatten_buffers(const std::vector<model::NamedTensor>& buffers);

}  // namespace lrfind::train
