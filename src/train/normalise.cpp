#include "train/normalise.hpp"

#include <ATen/Parallel.h>

#include <array>
#include <vector>

namespace lrfind::train {

namespace {

// A byte has 256 values: the whole formula is one look-up per channel.
using Table = std::array<float, 256>;

std::vector<Table> tables(const Normalisation& normalisation) {
  std::vector<Table> result(normalisation.mean.size());
  for (std::size_t c = 0; c < result.size(); ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      result[c][v] = static_cast<float>((static_cast<double>(v) / 255 - normalisation.mean[c]) / normalisation.std[c]);
    }
  }
  return result;
}

torch::Tensor normalise_on_cpu(const torch::Tensor& pixels, const Normalisation& normalisation) {
  const auto table = tables(normalisation);
  const auto source = pixels.contiguous();
  auto result = torch::empty(source.sizes(), torch::kFloat);
  const std::uint8_t* in = source.data_ptr<std::uint8_t>();
  float* out = result.data_ptr<float>();
  const auto channels = static_cast<std::int64_t>(table.size());
  at::parallel_for(0, source.numel() / channels, 1 << 15, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t at = pixel * channels + c;
        out[at] = table[static_cast<std::size_t>(c)][in[at]];
      }
    }
  });
  return result;
}

}  // namespace

torch::Tensor normalise(const torch::Tensor& pixels, const Normalisation& normalisation) {
  if (pixels.device().is_cpu()) return normalise_on_cpu(pixels, normalisation).permute({0, 3, 1, 2});
  const auto options = torch::TensorOptions().dtype(torch::kFloat).device(pixels.device());
  const auto mean = torch::tensor(normalisation.mean, options) * 255;
  const auto scale = 1 / (torch::tensor(normalisation.std, options) * 255);
  return ((pixels.to(torch::kFloat) - mean) * scale).permute({0, 3, 1, 2});
}

}  // namespace lrfind::train
