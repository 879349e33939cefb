#include "model/architectures.hpp"

namespace lrfind::model {

namespace nn = torch::nn;

std::int64_t scaled(std::int64_t channels, const BuiltinOptions& options, std::int64_t multiple) {
  const double wanted = static_cast<double>(channels) * options.width_factor;
  auto rounded = static_cast<std::int64_t>(wanted / static_cast<double>(multiple) + 0.5) * multiple;
  // MobileNet's authors never let rounding take more than a tenth away.
  if (multiple > 1 && static_cast<double>(rounded) < 0.9 * wanted) rounded += multiple;
  return std::max(multiple, rounded);
}

ConvNormImpl::ConvNormImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                           std::int64_t groups)
    : conv_(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false)),
      norm_(out) {
  register_module("conv", conv_);
  register_module("norm", norm_);
}

torch::Tensor ConvNormImpl::forward(const torch::Tensor& x) { return norm_->forward(conv_->forward(x)); }

void add_head(nn::Sequential& layers, std::int64_t features, std::int64_t classes, double dropout) {
  layers->push_back("pool", nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions(1)));
  layers->push_back("flatten", nn::Flatten());
  if (dropout > 0) layers->push_back("dropout", nn::Dropout(dropout));
  layers->push_back("classifier", nn::Linear(features, classes));
}

nn::Sequential small_cnn(const BuiltinOptions& options, bool normalised) {
  nn::Sequential layers;
  std::int64_t in = options.channels;
  std::int64_t side = std::min(options.height, options.width);
  int stage = 1;
  for (const std::int64_t channels : {32, 64, 128}) {
    const std::int64_t out = scaled(channels, options);
    const std::string n = std::to_string(stage++);
    layers->push_back("conv" + n, nn::Conv2d(nn::Conv2dOptions(in, out, 3).padding(1).bias(!normalised)));
    if (normalised) layers->push_back("norm" + n, nn::BatchNorm2d(out));
    layers->push_back("relu" + n, nn::ReLU(nn::ReLUOptions(true)));
    if (side >= 4) {
      layers->push_back("pool" + n, nn::MaxPool2d(2));
      side /= 2;
    }
    in = out;
  }
  // Without normalisation an average over all positions would leave almost no signal; a few positions keep it.
  const std::int64_t kept = normalised ? 1 : std::min<std::int64_t>(4, side);
  layers->push_back("pool", nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions(kept)));
  layers->push_back("flatten", nn::Flatten());
  layers->push_back("classifier", nn::Linear(in * kept * kept, options.classes));
  return layers;
}

}  // namespace lrfind::model
