#include <data/batch/augment.hpp>

#include <data/image/decode.hpp>
#include "platform/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace lrfind::data {
namespace {

constexpr std::array<std::pair<std::string_view, Augmentation>, 4> names{
    {{"flip", Augmentation::flip},
     {"crop-flip", Augmentation::crop_flip},
     {"random-resized-crop", Augmentation::random_resized_crop},
     {"color-jitter", Augmentation::color_jitter}}};

void mirror(std::uint8_t* pixels, const ImageShape& shape) {
  for (int row = 0; row < shape.height; ++row) {
    std::uint8_t* left = pixels + static_cast<std::ptrdiff_t>(row) * shape.width * shape.channels;
    std::uint8_t* right = left + static_cast<std::ptrdiff_t>(shape.width - 1) * shape.channels;
    for (; left < right; left += shape.channels, right -= shape.channels)
      std::swap_ranges(left, left + shape.channels, right);
  }
}

// Padding by 4 on all sides and a crop of the first size come down to a move by -4 .. 4.
int random_move(Random& random) {
  constexpr int pad = 4;
  return static_cast<int>(random.below(2 * pad + 1)) - pad;
}

void move(std::uint8_t* pixels, const ImageShape& shape, int down, int right) {
  if (down == 0 && right == 0) return;
  const std::vector<std::uint8_t> from(pixels, pixels + shape.bytes());
  std::memset(pixels, 0, shape.bytes());
  const int width = shape.width - std::abs(right);
  if (width <= 0) return;
  const std::ptrdiff_t row_bytes = static_cast<std::ptrdiff_t>(shape.width) * shape.channels;
  for (int row = std::max(0, down); row < std::min(shape.height, shape.height + down); ++row) {
    std::memcpy(
        pixels + row * row_bytes + static_cast<std::ptrdiff_t>(std::max(0, right)) * shape.channels,
        from.data() + (row - down) * row_bytes + static_cast<std::ptrdiff_t>(std::max(0, -right)) * shape.channels,
        static_cast<std::size_t>(width) * static_cast<std::size_t>(shape.channels));
  }
}

// Szegedy et al. 2014 (arXiv:1409.4842), section 6: area 8 to 100 %, ratio 3/4 to 4/3; ten tries, then the centre.
Part random_part(const ImageShape& shape, Random& random) {
  const double area = static_cast<double>(shape.height) * shape.width;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random.uniform(0.08, 1.0);
    const double ratio = std::exp(random.uniform(std::log(3.0 / 4.0), std::log(4.0 / 3.0)));
    const int width = static_cast<int>(std::lround(std::sqrt(target * ratio)));
    const int height = static_cast<int>(std::lround(std::sqrt(target / ratio)));
    if (width < 1 || height < 1 || width > shape.width || height > shape.height) continue;
    const int top = static_cast<int>(random.below(static_cast<std::uint32_t>(shape.height - height + 1)));
    const int left = static_cast<int>(random.below(static_cast<std::uint32_t>(shape.width - width + 1)));
    return {top, left, height, width};
  }
  const double own = static_cast<double>(shape.width) / shape.height;
  const double ratio = std::clamp(own, 3.0 / 4.0, 4.0 / 3.0);
  const int width = own > ratio ? std::max(1, static_cast<int>(std::lround(shape.height * ratio))) : shape.width;
  const int height = own < ratio ? std::max(1, static_cast<int>(std::lround(shape.width / ratio))) : shape.height;
  return {(shape.height - height) / 2, (shape.width - width) / 2, height, width};
}

void stretch(std::uint8_t* pixels, const ImageShape& shape, const Part& part) {
  const auto row_bytes = static_cast<std::size_t>(part.width) * static_cast<std::size_t>(shape.channels);
  std::vector<std::uint8_t> cut;
  cut.reserve(static_cast<std::size_t>(part.height) * row_bytes);
  for (int row = part.top; row < part.top + part.height; ++row) {
    const std::uint8_t* begin = pixels + (static_cast<std::ptrdiff_t>(row) * shape.width + part.left) * shape.channels;
    cut.insert(cut.end(), begin, begin + row_bytes);
  }
  const Image image = resize(cut.data(), {part.height, part.width, shape.channels}, shape, Resize::stretch);
  std::memcpy(pixels, image.pixels.data(), shape.bytes());
}

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F))); }

// Luma of ITU-R BT.601.
float grey_of(const std::uint8_t* pixel, int channels) {
  if (channels == 1) return pixel[0];
  return 0.299F * static_cast<float>(pixel[0]) + 0.587F * static_cast<float>(pixel[1]) +
         0.114F * static_cast<float>(pixel[2]);
}

// Every value moves away from or towards `anchor`.
void blend(std::uint8_t* pixels, std::size_t count, float anchor, float factor) {
  for (std::size_t i = 0; i < count; ++i) {
    pixels[i] = to_byte(anchor + (static_cast<float>(pixels[i]) - anchor) * factor);
  }
}

void change_contrast(std::uint8_t* pixels, const ImageShape& shape, float factor) {
  double sum = 0;
  const std::size_t count = shape.bytes();
  for (std::size_t i = 0; i < count; i += static_cast<std::size_t>(shape.channels)) {
    sum += static_cast<double>(grey_of(pixels + i, shape.channels));
  }
  blend(pixels, count, static_cast<float>(sum * shape.channels / static_cast<double>(count)), factor);
}

void change_saturation(std::uint8_t* pixels, const ImageShape& shape, float factor) {
  if (shape.channels == 1) return;
  for (std::size_t i = 0; i < shape.bytes(); i += 3) blend(pixels + i, 3, grey_of(pixels + i, 3), factor);
}

void jitter(std::uint8_t* pixels, const ImageShape& shape, const AugmentationParams& drawn) {
  for (const int change : drawn.order) {
    const float factor = drawn.factors[static_cast<std::size_t>(change)];
    if (change == 0) blend(pixels, shape.bytes(), 0, factor);
    if (change == 1) change_contrast(pixels, shape, factor);
    if (change == 2) change_saturation(pixels, shape, factor);
  }
}

}  // namespace

std::vector<std::string> augmentation_names() {
  std::vector<std::string> result{"none"};
  for (const auto& [name, kind] : names) result.emplace_back(name);
  return result;
}

std::vector<Augmentation> parse_augmentations(const std::string& list) {
  std::vector<Augmentation> result;
  if (list.empty() || list == "none") return result;
  for (const std::string_view word : split(list, ',')) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& entry) { return entry.first == word; });
    if (found == names.end()) {
      throw std::invalid_argument("'" + std::string(word) + "' " +
                                  (word == "none" ? "stands alone" : "is no augmentation") +
                                  ": use none, or a comma-separated list of flip, crop-flip, random-resized-crop and "
                                  "color-jitter");
    }
    result.push_back(found->second);
  }
  return result;
}

AugmentationParams draw(Augmentation kind, const ImageShape& shape, Random& random) {
  AugmentationParams params{.kind = kind};
  switch (kind) {
    case Augmentation::flip:
      params.mirrored = random.uniform() < 0.5;
      break;
    case Augmentation::crop_flip:
      params.down = random_move(random);
      params.right = random_move(random);
      params.mirrored = random.uniform() < 0.5;
      break;
    case Augmentation::random_resized_crop:
      params.part = random_part(shape, random);
      break;
    case Augmentation::color_jitter: {
      std::vector<int> order{0, 1, 2};
      shuffle(order, random);
      std::copy(order.begin(), order.end(), params.order.begin());
      for (float& factor : params.factors) factor = static_cast<float>(random.uniform(0.6, 1.4));
      break;
    }
  }
  return params;
}

void apply(const AugmentationParams& params, std::uint8_t* pixels, const ImageShape& shape) {
  switch (params.kind) {
    case Augmentation::flip:
    case Augmentation::crop_flip:
      move(pixels, shape, params.down, params.right);
      if (params.mirrored) mirror(pixels, shape);
      break;
    case Augmentation::random_resized_crop:
      stretch(pixels, shape, params.part);
      break;
    case Augmentation::color_jitter:
      jitter(pixels, shape, params);
      break;
  }
}

void augment(const std::vector<Augmentation>& list, std::uint8_t* pixels, const ImageShape& shape, Random& random) {
  for (const Augmentation kind : list) apply(draw(kind, shape, random), pixels, shape);
}

}  // namespace lrfind::data
