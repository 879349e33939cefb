// What a network keeps beside its parameters, such as the running means of batch normalisation.
#pragma once

#include "model/network.hpp"
#include "train/joined.hpp"

#include <torch/torch.h>

#include <vector>

namespace lrfind::train {

/// Moves a network's buffers next to each other, so that all of them are copied and restored at once: a measurement
/// that must leave no trace does both in every step. The buffers stay the network's.
class Buffers {
 public:
  Buffers() = default;
  explicit Buffers(const std::vector<model::NamedTensor>& buffers);

  /// One-dimensional, one per type of value. What is written here is written to the buffers.
  const std::vector<torch::Tensor>& values() const { return values_; }

 private:
  std::vector<Joined> by_type_;
  std::vector<torch::Tensor> values_;
};

}  // namespace lrfind::train
