// One header reader per image format; image_header.cpp picks. Each fills what it finds; where the file is cut off or
// malformed it sets `error` and keeps the size it has read so far.
#pragma once

#include <data/image/bytes.hpp>
#include <data/image/image_header.hpp>

namespace lrfind::data {

constexpr const char* jpeg_cut_off = "is cut off: the JPEG data end without an end-of-image marker";

inline std::string cut_off(std::string_view format, std::uint64_t needed, std::size_t size) {
  return "is cut off: the " + std::string(format) + " data need " + std::to_string(needed) +
         " bytes and the file has " + std::to_string(size);
}

/// What laying an image on white takes: its alpha, and grey and alpha as colours first.
inline std::uint64_t alpha_bytes(const ImageHeader& header) {
  if (!header.alpha) return 0;
  return std::uint64_t{header.width} * header.height * (header.channels <= 2 ? 6 : 4);
}

ImageHeader read_jpeg_header(const Bytes& file);
ImageHeader read_png_header(const Bytes& file);
ImageHeader read_bmp_header(std::span<const std::uint8_t> file);
ImageHeader read_webp_header(std::span<const std::uint8_t> file);
ImageHeader read_tiff_header(std::span<const std::uint8_t> file);
ImageHeader read_pnm_header(const Bytes& file);

}  // namespace lrfind::data
