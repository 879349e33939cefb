#include "train/buffers.hpp"

#include <map>

namespace lrfind::train {

Buffers::Buffers(const std::vector<model::NamedTensor>& buffers) {
  const torch::NoGradGuard no_grad;
  std::map<torch::ScalarType, std::vector<torch::Tensor>> by_type;
  for (const auto& buffer : buffers) by_type[buffer.tensor.scalar_type()].push_back(buffer.tensor);
  for (auto& [type, tensors] : by_type) {
    std::vector<torch::Tensor> values;
    values.reserve(tensors.size());
    for (const auto& tensor : tensors) values.push_back(tensor.detach().reshape({-1}));
    memory_.push_back(torch::cat(values));
    std::int64_t at = 0;
    for (auto& tensor : tensors) {
      tensor.set_data(memory_.back().narrow(0, at, tensor.numel()).view(tensor.sizes()));
      at += tensor.numel();
    }
  }
}

std::vector<torch::Tensor> Buffers::copy() const {
  std::vector<torch::Tensor> result;
  result.reserve(memory_.size());
  for (const auto& memory : memory_) result.push_back(memory.clone());
  return result;
}

void Buffers::restore(const std::vector<torch::Tensor>& copy) {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < memory_.size(); ++i) memory_[i].copy_(copy[i]);
}

}  // namespace lrfind::train
