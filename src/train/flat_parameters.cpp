#include "train/flat_parameters.hpp"

#include <algorithm>
#include <map>

namespace lrfind::train {

FlatParameters::FlatParameters(std::vector<torch::Tensor> tensors) : tensors_(std::move(tensors)) {
  const torch::NoGradGuard no_grad;
  for (const auto& tensor : tensors_) {
    // Strides that fit both formats stay plain: some operators take the other ones as a wish for channels-last.
    channels_last_.push_back(!tensor.is_contiguous() && tensor.dim() == 4 &&
                             tensor.is_contiguous(torch::MemoryFormat::ChannelsLast));
  }
  values_ = join(tensors_);
  const auto places = parts(values_);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const auto shape = tensors_[i].sizes();
    tensors_[i].set_data(channels_last_[i]
                             ? places[i].view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2})
                             : places[i].view(shape));
  }
}

std::vector<torch::Tensor> FlatParameters::flat(const std::vector<torch::Tensor>& alike) const {
  std::vector<torch::Tensor> result;
  result.reserve(alike.size());
  for (std::size_t i = 0; i < alike.size(); ++i) {
    const auto tensor = alike[i].detach();
    result.push_back((channels_last_[i] ? tensor.permute({0, 2, 3, 1}) : tensor).reshape({-1}));
  }
  return result;
}

std::vector<torch::Tensor> FlatParameters::parts(const torch::Tensor& joined) const {
  std::vector<torch::Tensor> result;
  result.reserve(tensors_.size());
  std::int64_t at = 0;
  for (const auto& tensor : tensors_) {
    result.push_back(joined.narrow(0, at, tensor.numel()));
    at += tensor.numel();
  }
  return result;
}

torch::Tensor FlatParameters::norms(const torch::Tensor& joined) const {
  return torch::stack(at::_foreach_norm(parts(joined)));
}

void FlatParameters::scale_parts(const torch::Tensor& joined, const torch::Tensor& factors) const {
  const auto factor_of = factors.unbind();
  const auto pieces = parts(joined);
  for (std::size_t i = 0; i < pieces.size(); ++i) pieces[i].mul_(factor_of[i]);
}

FlatParameters FlatParameters::over(const torch::Tensor& values) {
  FlatParameters parameters;
  parameters.tensors_ = {values};
  parameters.channels_last_ = {false};
  parameters.values_ = values;
  return parameters;
}

torch::Tensor block_of(const std::vector<torch::Tensor>& flat, std::int64_t begin, std::int64_t size) {
  std::vector<torch::Tensor> pieces;
  for (const auto& tensor : flat) {
    const auto from = std::max<std::int64_t>(begin, 0), to = std::min(begin + size, tensor.numel());
    if (from < to) pieces.push_back(tensor.narrow(0, from, to - from));
    begin -= tensor.numel();
  }
  return pieces.size() == 1 ? pieces.front() : torch::cat(pieces);
}

std::vector<torch::Tensor> tensors_of(const std::vector<model::NamedTensor>& named) {
  std::vector<torch::Tensor> tensors;
  tensors.reserve(named.size());
  for (const auto& item : named) tensors.push_back(item.tensor);
  return tensors;
}

std::vector<torch::Tensor> flatten_buffers(const std::vector<model::NamedTensor>& buffers) {
  std::map<torch::ScalarType, std::vector<torch::Tensor>> by_type;
  for (const auto& buffer : buffers) by_type[buffer.tensor.scalar_type()].push_back(buffer.tensor);
  std::vector<torch::Tensor> flat;
  for (auto& [type, tensors] : by_type) flat.push_back(FlatParameters(std::move(tensors)).values());
  return flat;
}

}  // namespace lrfind::train
