// JPEG rows straight from libjpeg: red, green, blue as they come, at reduced scale where asked.
#pragma once

#include <data/image/image_header.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace lrfind::data {

/// Whether read_jpeg can read it: 8 bits, grey or three colours.
bool is_plain_jpeg(const ImageHeader& header);

struct JpegScale {
  int by = 1;  ///< 1, 2, 4 or 8: the image comes at 1/by of its size
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

/// The size of the image at 1/by, a part of a pixel counted as a whole one.
JpegScale jpeg_scale(const ImageHeader& header, int by);

/// Calls `take` with each row of the image from the top, `channels` (1 or 3) bytes per pixel; a row is valid during the
/// call. Throws std::runtime_error with a clause where the data are damaged.
void read_jpeg(std::span<const std::uint8_t> file, const JpegScale& scale, int channels,
               const std::function<void(const std::uint8_t*)>& take);

}  // namespace lrfind::data
