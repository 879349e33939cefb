#pragma once

#include "model/network.hpp"

#include <torch/torch.h>

namespace lrfind::train {

constexpr int classes = 4, side = 8;

// Softmax regression: its loss and gradient are known in closed form.
class Regression : public model::Network {
 public:
  explicit Regression(int inputs = side * side) {
    torch::manual_seed(11);
    weight_ = (0.1 * torch::randn({classes, inputs})).requires_grad_(true);
    bias_ = torch::zeros({classes}).requires_grad_(true);
  }
  torch::Tensor forward(const torch::Tensor& images) override {
    return torch::linear(images.flatten(1), weight_, bias_);
  }
  std::vector<model::NamedTensor> parameters() const override {
    return {{"layer.weight", weight_}, {"layer.bias", bias_}};
  }
  std::vector<model::NamedTensor> buffers() const override { return {}; }
  void train(bool /*on*/) override {}
  std::vector<std::string> initialise(std::uint64_t /*seed*/) override { return {"layer.weight", "layer.bias"}; }

  torch::Tensor weight_, bias_;
};

}  // namespace lrfind::train
