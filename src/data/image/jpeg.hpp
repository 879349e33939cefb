// JPEG rows straight from libjpeg: grey or red, green, blue as they come, at reduced scale where asked.
#pragma once

#include <data/image/image_header.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace lrfind::data {

struct JpegScale {
  int by = 1;  ///< 1, 2, 4 or 8: the image comes at 1/by of its size
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

/// The size of the image at 1/by, a part of a pixel counted as a whole one.
JpegScale jpeg_scale(const ImageHeader& header, int by);

/// Calls `take` with each row of the image from the top, `channels` (3, or 1 where the file is not CMYK) bytes per
/// pixel; a row is valid during the call. Throws std::runtime_error with a clause where the data are damaged, also
/// where libjpeg would go on with pixels of its own making. What costs no pixel is read over: stray bytes before a
/// marker, and a missing end marker, be it cut off or replaced by zeros.
void read_jpeg(std::span<const std::uint8_t> file, const JpegScale& scale, int channels,
               const std::function<void(const std::uint8_t*)>& take);

/// Whether every pixel of a file without an end-of-image marker is there. Decodes it.
bool holds_every_pixel(std::span<const std::uint8_t> file, const ImageHeader& header);

}  // namespace lrfind::data
