#include "train/buffers.hpp"

#include "train/flat_parameters.hpp"

#include <map>

namespace lrfind::train {

std::vector<torch::Tensor> join_buffers(const std::vector<model::NamedTensor>& buffers) {
  std::map<torch::ScalarType, std::vector<torch::Tensor>> by_type;
  for (const auto& buffer : buffers) by_type[buffer.tensor.scalar_type()].push_back(buffer.tensor);
  std::vector<torch::Tensor> joined;
  for (auto& [type, tensors] : by_type) joined.push_back(Joined(std::move(tensors)).values());
  return joined;
}

}  // namespace lrfind::train
