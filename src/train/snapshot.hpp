#pragma once

#include <torch/torch.h>

#include <utility>
#include <vector>

namespace lrfind::train {

/// What tensors held when this was made, to be put back into them.
class Snapshot {
 public:
  explicit Snapshot(std::vector<torch::Tensor> tensors) : tensors_(std::move(tensors)) {
    const torch::NoGradGuard no_grad;
    copies_.reserve(tensors_.size());
    for (const auto& tensor : tensors_) copies_.push_back(tensor.clone());
  }
  void restore() const {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < tensors_.size(); ++i) tensors_[i].copy_(copies_[i]);
  }
  /// Only where `condition`, a bool without dimensions, holds; the device alone knows it.
  void restore_where(const torch::Tensor& condition) const {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      tensors_[i].copy_(torch::where(condition, copies_[i], tensors_[i]));
    }
  }

 private:
  std::vector<torch::Tensor> tensors_, copies_;
};

}  // namespace lrfind::train
