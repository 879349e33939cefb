#include "train/buffers.hpp"

#include <map>

namespace lrfind::train {

Buffers::Buffers(const std::vector<model::NamedTensor>& buffers) {
  std::map<torch::ScalarType, std::vector<torch::Tensor>> by_type;
  for (const auto& buffer : buffers) by_type[buffer.tensor.scalar_type()].push_back(buffer.tensor);
  for (auto& [type, tensors] : by_type) {
    by_type_.emplace_back(std::move(tensors));
    values_.push_back(by_type_.back().values());
  }
}

}  // namespace lrfind::train
