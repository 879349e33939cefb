// A decoded image as plain bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::data {

struct ImageShape {
  int height = 0;
  int width = 0;
  int channels = 3;  ///< 1 (grey) or 3 (red, green, blue)

  std::size_t bytes() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  bool operator==(const ImageShape&) const = default;
};

/// Rows from the top, pixels from the left, channels innermost: HWC.
struct Image {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;
};

/// How an image of another aspect ratio is brought to the wanted size.
enum class Resize {
  stretch,  ///< each axis on its own
  crop,     ///< scaled until it covers, then the centre is kept
  pad,      ///< scaled until it fits, then black borders
};

/// "stretch", "crop" or "pad"; throws std::invalid_argument with a sentence otherwise.
Resize parse_resize(const std::string& name);

}  // namespace lrfind::data
