#include "train/normalise.hpp"

#include "train/parallel.hpp"

namespace lrfind::train {

namespace {

float normalised(std::size_t value, double mean, double std, Rounding rounding) {
  if (rounding == Rounding::own) return static_cast<float>((static_cast<double>(value) / 255 - mean) / std);
  return (static_cast<float>(value) / 255 - static_cast<float>(mean)) / static_cast<float>(std);
}

}  // namespace

Normaliser::Normaliser(const Normalisation& normalisation, const torch::Device& device, torch::MemoryFormat format,
                       Rounding rounding)
    : tables_(normalisation.mean.size()), format_(format) {
  for (std::size_t c = 0; c < tables_.size(); ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      tables_[c][v] = normalised(v, normalisation.mean[c], normalisation.std[c], rounding);
    }
  }
  if (device.is_cpu()) return;
  mean_ = (torch::tensor(normalisation.mean, torch::kDouble) * 255).to(device, torch::kFloat);
  scale_ = (1 / (torch::tensor(normalisation.std, torch::kDouble) * 255)).to(device, torch::kFloat);
}

torch::Tensor Normaliser::on_cpu(const torch::Tensor& pixels) const {
  const auto source = pixels.contiguous();
  auto result = torch::empty(source.sizes(), torch::kFloat);
  const std::uint8_t* in = source.data_ptr<std::uint8_t>();
  float* out = result.data_ptr<float>();
  const auto channels = static_cast<std::int64_t>(tables_.size());
  parallel_ranges(source.numel() / channels, 1 << 15, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin * channels; at < end * channels; at += channels) {
      for (std::int64_t c = 0; c < channels; ++c) out[at + c] = tables_[static_cast<std::size_t>(c)][in[at + c]];
    }
  });
  return result;
}

torch::Tensor Normaliser::operator()(const torch::Tensor& pixels) const {
  const auto images = pixels.device().is_cpu() ? on_cpu(pixels) : (pixels.to(torch::kFloat) - mean_) * scale_;
  const auto result = images.permute({0, 3, 1, 2});
  // A copy even of one channel: strides that fit both formats count as channels-last.
  return format_ == torch::MemoryFormat::ChannelsLast ? result : result.clone(format_);
}

}  // namespace lrfind::train
