// One function per family of built-in networks; builtin.cpp lists them.
#pragma once

#include "model/builtin.hpp"

#include <torch/torch.h>

namespace lrfind::model {

torch::nn::Sequential small_cnn(const BuiltinOptions& options, bool normalised);
torch::nn::Sequential cifar_resnet(const BuiltinOptions& options, int depth);
torch::nn::Sequential imagenet_resnet(const BuiltinOptions& options, int depth);
torch::nn::Sequential vgg(const BuiltinOptions& options, int depth);
torch::nn::Sequential mobilenet_v2(const BuiltinOptions& options);

/// `channels` times the width factor, rounded to a multiple of `multiple`, at least that.
std::int64_t scaled(std::int64_t channels, const BuiltinOptions& options, std::int64_t multiple = 1);

/// Convolution without bias that keeps the size (up to stride), then batch normalisation.
class ConvNormImpl : public torch::nn::Module {
 public:
  ConvNormImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
               std::int64_t groups = 1);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d conv_;
  torch::nn::BatchNorm2d norm_;
};
TORCH_MODULE(ConvNorm);

/// Global average pooling, flattening and a linear layer to the classes.
void add_head(torch::nn::Sequential& layers, std::int64_t features, std::int64_t classes, double dropout = 0);

}  // namespace lrfind::model
