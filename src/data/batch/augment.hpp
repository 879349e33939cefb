// Random changes of decoded images, seeded.
#pragma once

#include <data/batch/random.hpp>
#include <data/image/image.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::data {

enum class Augmentation {
  flip,                 ///< mirrored left to right half of the time
  crop_flip,            ///< moved by up to 4 pixels along each axis, black where nothing was, then flip
  random_resized_crop,  ///< 8 to 100 % of the area, ratio 3/4 to 4/3, stretched to full size
  color_jitter,         ///< brightness, contrast and saturation each by a factor from 0.6 to 1.4, in random order
};

/// The names that parse_augmentations takes: "none" and one for each Augmentation.
std::vector<std::string> augmentation_names();

/// Reads a comma-separated list such as "crop-flip,color-jitter"; "none" and "" are the empty list.
/// Throws std::invalid_argument with a sentence that names the word that is unknown.
std::vector<Augmentation> parse_augmentations(const std::string& list);

/// A rectangle of an image, in pixels.
struct Part {
  int top = 0, left = 0, height = 0, width = 0;
};

/// What one augmentation does to one image: drawn first, done here or, for many images at once, on a GPU
/// (train/cuda/augment.hpp). Fields that the kind does not use keep their values.
struct AugmentationParams {
  Augmentation kind = Augmentation::flip;
  bool mirrored = false;                     ///< flip, crop_flip: left to right, last
  int down = 0, right = 0;                   ///< crop_flip: pixels that the image moves by
  Part part = {};                            ///< random_resized_crop: what is stretched to the whole
  std::array<int, 3> order = {0, 1, 2};      ///< color_jitter: of brightness (0), contrast (1) and saturation (2)
  std::array<float, 3> factors = {1, 1, 1};  ///< and their factors, brightness first
};

AugmentationParams draw(Augmentation kind, const ImageShape& shape, Random& random);
/// Changes pixels of the given shape in place.
void apply(const AugmentationParams& params, std::uint8_t* pixels, const ImageShape& shape);

/// Draws and applies the list in its order.
void augment(const std::vector<Augmentation>& list, std::uint8_t* pixels, const ImageShape& shape, Random& random);

}  // namespace lrfind::data
