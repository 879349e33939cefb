// Random changes of decoded images, seeded.
#pragma once

#include <data/image.hpp>
#include <data/random.hpp>

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

/// Applies the list in its order to pixels of the given shape, in place.
void augment(const std::vector<Augmentation>& list, std::uint8_t* pixels, const ImageShape& shape, Random& random);

}  // namespace lrfind::data
