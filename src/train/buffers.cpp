#include "train/buffers.hpp"

#include <map>

namespace lrfind::train {

Buffers::Buffers(const std::vector<model::NamedTensor>& buffers) {
  std::map<torch::ScalarType, std::vector<torch::Tensor>> by_type;
  for (const auto& buffer : buffers) by_type[buffer.tensor.scalar_type()].push_back(buffer.tensor);
  for (auto& [type, tensors] : by_type) by_type_.emplace_back(std::move(tensors));
}

std::vector<torch::Tensor> Buffers::values() const {
  std::vector<torch::Tensor> result;
  result.reserve(by_type_.size());
  for (const auto& joined : by_type_) result.push_back(joined.values());
  return result;
}

std::vector<torch::Tensor> Buffers::copy() const {
  std::vector<torch::Tensor> result;
  result.reserve(by_type_.size());
  for (const auto& joined : by_type_) result.push_back(joined.values().clone());
  return result;
}

void Buffers::restore(const std::vector<torch::Tensor>& copy) {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < by_type_.size(); ++i) by_type_[i].values().copy_(copy[i]);
}

}  // namespace lrfind::train
