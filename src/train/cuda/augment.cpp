#include "train/cuda/augment.hpp"

#include <algorithm>
#include <vector>

namespace lrfind::train {

namespace {

using data::Augmentation;
using data::AugmentationParams;
using Send = std::function<torch::Tensor(const torch::Tensor&)>;
using torch::indexing::None;
using torch::indexing::Slice;

constexpr float nowhere = -1;

torch::Tensor rounded(const torch::Tensor& values) { return values.clamp(0, 255).add(0.5).floor(); }

// The pixels in rows [N, height] and columns [N, width].
torch::Tensor picked(const torch::Tensor& pixels, const torch::Tensor& rows, const torch::Tensor& columns) {
  const auto image = torch::arange(pixels.size(0), torch::TensorOptions(torch::kLong).device(pixels.device()));
  return pixels.index({image.view({-1, 1, 1}), rows.unsqueeze(2), columns.unsqueeze(1)});
}

// Where every row and column of the result comes from: [N, height + width], `nowhere` for black.
template <typename Row, typename Column>
torch::Tensor sources(const torch::Tensor& pixels, const std::vector<AugmentationParams>& augmentations, const Row& row,
                      const Column& column) {
  const auto n = pixels.size(0), height = pixels.size(1), width = pixels.size(2);
  auto table = torch::empty({n, height + width}, torch::kFloat);
  float* at = table.data_ptr<float>();
  for (const auto& params : augmentations) {
    for (std::int64_t y = 0; y < height; ++y) *at++ = row(params, y);
    for (std::int64_t x = 0; x < width; ++x) *at++ = column(params, x);
  }
  return table;
}

torch::Tensor moved(const torch::Tensor& pixels, const std::vector<AugmentationParams>& augmentations,
                    const Send& send) {
  const auto height = pixels.size(1), width = pixels.size(2);
  const auto inside = [](std::int64_t at, std::int64_t size) {
    return at >= 0 && at < size ? static_cast<float>(at) : nowhere;
  };
  const auto from =
      send(sources(
               pixels, augmentations,
               [&](const AugmentationParams& params, std::int64_t y) { return inside(y - params.down, height); },
               [&](const AugmentationParams& params, std::int64_t x) {
                 return inside((params.mirrored ? width - 1 - x : x) - params.right, width);
               }))
          .to(torch::kLong);
  const auto rows = from.narrow(1, 0, height), columns = from.narrow(1, height, width);
  const auto seen = rows.ge(0).unsqueeze(2).logical_and(columns.ge(0).unsqueeze(1)).unsqueeze(3);
  return picked(pixels, rows.clamp_min(0), columns.clamp_min(0)) * seen;
}

// Bilinear, as OpenCV's INTER_LINEAR: pixel centres at halves, the part's edge repeated.
torch::Tensor stretched(const torch::Tensor& pixels, const std::vector<AugmentationParams>& augmentations,
                        const Send& send) {
  const auto height = pixels.size(1), width = pixels.size(2);
  const auto position = [](std::int64_t at, std::int64_t size, int first, int part) {
    const double inner = (static_cast<double>(at) + 0.5) * part / static_cast<double>(size) - 0.5;
    return static_cast<float>(first + std::clamp(inner, 0.0, part - 1.0));
  };
  const auto from = send(sources(
      pixels, augmentations,
      [&](const AugmentationParams& params, std::int64_t y) {
        return position(y, height, params.part.top, params.part.height);
      },
      [&](const AugmentationParams& params, std::int64_t x) {
        return position(x, width, params.part.left, params.part.width);
      }));
  const auto low = from.floor();
  const auto share = from - low;
  const auto first = low.to(torch::kLong);
  const auto rows = first.narrow(1, 0, height), columns = first.narrow(1, height, width);
  const auto next_rows = (rows + 1).clamp_max(height - 1), next_columns = (columns + 1).clamp_max(width - 1);
  const auto down = share.narrow(1, 0, height).view({-1, height, 1, 1});
  const auto right = share.narrow(1, height, width).reshape({-1, 1, width, 1});
  const auto across = [&](const torch::Tensor& in_rows) {
    const auto left = picked(pixels, in_rows, columns).to(torch::kFloat);
    return left + (picked(pixels, in_rows, next_columns) - left) * right;
  };
  const auto above = across(rows);
  return rounded(above + (across(next_rows) - above) * down).to(torch::kByte);
}

torch::Tensor jittered(const torch::Tensor& pixels, const std::vector<AugmentationParams>& augmentations,
                       const Send& send) {
  const auto n = pixels.size(0), channels = pixels.size(3);
  auto table = torch::empty({n, 3, 2}, torch::kFloat);  // which, and its factor
  float* at = table.data_ptr<float>();
  for (const auto& params : augmentations) {
    for (const int which : params.order) {
      *at++ = static_cast<float>(which);
      *at++ = channels == 1 && which == 2 ? 1 : params.factors[static_cast<std::size_t>(which)];
    }
  }
  const auto drawn = send(table).view({n, 3, 2, 1, 1, 1});
  auto values = pixels.to(torch::kFloat);
  for (std::int64_t round = 0; round < 3; ++round) {
    const auto which = drawn.select(1, round).select(1, 0), factor = drawn.select(1, round).select(1, 1);
    // Luma of ITU-R BT.601, as in data::apply.
    const auto grey = channels == 1 ? values
                                    : values.narrow(3, 0, 1) * 0.299F + values.narrow(3, 1, 1) * 0.587F +
                                          values.narrow(3, 2, 1) * 0.114F;
    const auto mean = grey.mean({1, 2, 3}, true, torch::kDouble).to(torch::kFloat);
    const auto anchor = torch::where(which.eq(0), torch::zeros_like(mean), torch::where(which.eq(1), mean, grey));
    values = rounded(anchor + (values - anchor) * factor);
  }
  return values.to(torch::kByte);
}

}  // namespace

torch::Tensor augmented(const torch::Tensor& pixels, std::span<const AugmentationParams> augmentations,
                        const Send& send) {
  const torch::NoGradGuard no_grad;
  const auto images = static_cast<std::size_t>(pixels.size(0));
  const std::size_t kinds = augmentations.size() / images;
  auto result = pixels;
  for (std::size_t k = 0; k < kinds; ++k) {
    std::vector<AugmentationParams> of_kind;
    of_kind.reserve(images);
    for (std::size_t i = 0; i < images; ++i) of_kind.push_back(augmentations[i * kinds + k]);
    switch (of_kind.front().kind) {
      case Augmentation::flip:
      case Augmentation::crop_flip:
        result = moved(result, of_kind, send);
        break;
      case Augmentation::random_resized_crop:
        result = stretched(result, of_kind, send);
        break;
      case Augmentation::color_jitter:
        result = jittered(result, of_kind, send);
        break;
    }
  }
  return result;
}

}  // namespace lrfind::train
