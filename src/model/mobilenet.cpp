// MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381, table 2). Images below 96 pixels a side keep their size in the
// stem and in the second stage, as is usual for 32 x 32 images.
#include "model/architectures.hpp"

namespace lrfind::model {

namespace nn = torch::nn;

namespace {

class InvertedResidualImpl : public nn::Module {
 public:
  InvertedResidualImpl(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t expansion)
      : adds_input_(stride == 1 && in == out) {
    const std::int64_t hidden = in * expansion;
    if (expansion != 1) {
      layers_->push_back("expand", ConvNorm(in, hidden, 1));
      layers_->push_back("expand_relu", nn::ReLU6(nn::ReLU6Options().inplace(true)));
    }
    layers_->push_back("depthwise", ConvNorm(hidden, hidden, 3, stride, hidden));
    layers_->push_back("depthwise_relu", nn::ReLU6(nn::ReLU6Options().inplace(true)));
    layers_->push_back("project", ConvNorm(hidden, out, 1));
    register_module("layers", layers_);
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = layers_->forward(x);
    return adds_input_ ? x + y : y;
  }

 private:
  bool adds_input_;
  nn::Sequential layers_;
};
TORCH_MODULE(InvertedResidual);

struct Stage {
  std::int64_t expansion, channels;
  int blocks;
  std::int64_t stride;
};

}  // namespace

nn::Sequential mobilenet_v2(const BuiltinOptions& options) {
  const bool small = std::min(options.height, options.width) < 96;
  nn::Sequential layers;
  std::int64_t in = scaled(32, options, 8);
  layers->push_back("stem", ConvNorm(options.channels, in, 3, small ? 1 : 2));
  layers->push_back("stem_relu", nn::ReLU6(nn::ReLU6Options().inplace(true)));
  int number = 1;
  for (const Stage& stage : {Stage{1, 16, 1, 1}, Stage{6, 24, 2, small ? 1 : 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                             Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    const std::int64_t out = scaled(stage.channels, options, 8);
    for (int block = 0; block < stage.blocks; ++block) {
      layers->push_back("block" + std::to_string(number++),
                        InvertedResidual(in, out, block == 0 ? stage.stride : 1, stage.expansion));
      in = out;
    }
  }
  const std::int64_t last = std::max<std::int64_t>(1280, scaled(1280, options, 8));
  layers->push_back("last", ConvNorm(in, last, 1));
  layers->push_back("last_relu", nn::ReLU6(nn::ReLU6Options().inplace(true)));
  add_head(layers, last, options.classes, 0.2);
  return layers;
}

}  // namespace lrfind::model
