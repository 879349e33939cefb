// What a network keeps beside its parameters, such as the running means of batch normalisation.
#pragma once

#include "model/network.hpp"

#include <torch/torch.h>

#include <vector>

namespace lrfind::train {

/// Moves a network's buffers next to each other, so that all of them are copied and restored at once: a measurement
/// that must leave no trace does both in every step. Returns one tensor per type of value, one-dimensional; what is
/// written there is written to the buffers, which stay the network's.
std::vector<torch::Tensor> join_buffers(const std::vector<model::NamedTensor>& buffers);

}  // namespace lrfind::train
