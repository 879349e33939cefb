// Residual networks (He et al. 2015, arXiv:1512.03385): section 4.2 for small images, table 1 for large ones.
#include "model/architectures.hpp"

namespace lrfind::model {

namespace nn = torch::nn;

namespace {

class ResidualBlockImpl : public nn::Module {
 public:
  ResidualBlockImpl(std::int64_t in, std::int64_t out, std::int64_t stride)
      : first_(register_module("first", ConvNorm(in, out, 3, stride))),
        second_(register_module("second", ConvNorm(out, out, 3))) {
    if (stride != 1 || in != out) shortcut_ = register_module("shortcut", ConvNorm(in, out, 1, stride));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto residual = second_->forward(first_->forward(x).relu_());
    return (residual + (shortcut_.is_empty() ? x : shortcut_->forward(x))).relu_();
  }

 private:
  ConvNorm first_, second_, shortcut_{nullptr};
};
TORCH_MODULE(ResidualBlock);

std::int64_t add_stage(nn::Sequential& layers, int stage, std::int64_t in, std::int64_t out, int blocks,
                       std::int64_t stride) {
  for (int block = 0; block < blocks; ++block) {
    const std::string name = "stage" + std::to_string(stage) + "_block" + std::to_string(block + 1);
    layers->push_back(std::string(name), ResidualBlock(block == 0 ? in : out, out, block == 0 ? stride : 1));
  }
  return out;
}

}  // namespace

nn::Sequential cifar_resnet(const BuiltinOptions& options, int depth) {
  const int blocks = (depth - 2) / 6;
  nn::Sequential layers;
  std::int64_t channels = scaled(16, options);
  layers->push_back("stem", ConvNorm(options.channels, channels, 3));
  layers->push_back("relu", nn::ReLU(nn::ReLUOptions(true)));
  int stage = 1;
  for (const std::int64_t width : {16, 32, 64}) {
    channels = add_stage(layers, stage, channels, scaled(width, options), blocks, stage == 1 ? 1 : 2);
    ++stage;
  }
  add_head(layers, channels, options.classes);
  return layers;
}

nn::Sequential imagenet_resnet(const BuiltinOptions& options, int depth) {
  const std::vector<int> blocks = depth == 34 ? std::vector<int>{3, 4, 6, 3} : std::vector<int>{2, 2, 2, 2};
  nn::Sequential layers;
  std::int64_t channels = scaled(64, options);
  layers->push_back("stem", ConvNorm(options.channels, channels, 7, 2));
  layers->push_back("relu", nn::ReLU(nn::ReLUOptions(true)));
  layers->push_back("pool1", nn::MaxPool2d(nn::MaxPool2dOptions(3).stride(2).padding(1)));
  int stage = 1;
  for (const std::int64_t width : {64, 128, 256, 512}) {
    channels = add_stage(layers, stage, channels, scaled(width, options), blocks[static_cast<std::size_t>(stage - 1)],
                         stage == 1 ? 1 : 2);
    ++stage;
  }
  add_head(layers, channels, options.classes);
  return layers;
}

}  // namespace lrfind::model
