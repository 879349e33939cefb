// From an image file to pixels of the wanted size.
#pragma once

#include <data/image/decode_budget.hpp>
#include <data/image/image.hpp>
#include <data/image/image_header.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lrfind::data {

/// An image, or why there is none.
struct Decoded {
  Image image;
  ImageHeader header;
  std::string error;  ///< one clause without the path; empty when the image is good
  bool ok() const { return error.empty(); }
};

struct DecodeOptions {
  ImageShape shape;  ///< of the result
  Resize resize = Resize::stretch;
  /// Decode a JPEG that is much larger than the result at 1/2, 1/4 or 1/8 scale, which is several times faster.
  bool reduced_scale = true;
};

/// Decodes a file in memory: 1 to 16 bits, grey, colour, palette, CMYK; alpha is laid on white, the EXIF orientation
/// is applied. Down-sampling averages areas, up-sampling is bilinear. Never throws on bad bytes; safe to call from
/// many threads at once. It waits for its share of the budget, and an image that takes more than all of it is an error;
/// without one each image has the usual budget to itself.
Decoded decode(std::span<const std::uint8_t> file, const DecodeOptions& options, DecodeBudget& budget);
Decoded decode(std::span<const std::uint8_t> file, const DecodeOptions& options);

/// The same at the image's own size.
Decoded decode(std::span<const std::uint8_t> file);

/// Reads and decodes a file on disk.
Decoded decode_file(const std::string& path, const DecodeOptions& options, DecodeBudget& budget);
Decoded decode_file(const std::string& path, const DecodeOptions& options);

/// Brings pixels in memory to another size and channel count.
Image resize(const std::uint8_t* pixels, const ImageShape& from, const ImageShape& to, Resize how);

}  // namespace lrfind::data
