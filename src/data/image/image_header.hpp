// What an image file says about itself, read without decoding a pixel, so that a broken or hostile file is refused
// before a decoder sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lrfind::data {

enum class ImageFormat { unknown, jpeg, png, bmp, webp, tiff, pnm };

/// "JPEG", "PNG", "BMP", "WebP", "TIFF", "PNM" or "unknown".
std::string_view to_string(ImageFormat format);

/// The format that a file name promises by its extension (upper or lower case), unknown when it is no image name.
ImageFormat format_of_name(std::string_view name);

/// Images that declare more pixels than this (a square of about 11,585) are refused.
constexpr std::uint64_t max_pixels = std::uint64_t{1} << 27U;
/// And those with a longer side: what averages rows keeps sums for one of them.
constexpr std::uint32_t max_side = std::uint32_t{1} << 20U;

struct ImageHeader {
  ImageFormat format = ImageFormat::unknown;
  std::uint32_t width = 0;  ///< as stored, before the orientation is applied
  std::uint32_t height = 0;
  int channels = 0;     ///< 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha or CMYK
  int bits = 8;         ///< per channel
  int orientation = 1;  ///< EXIF: 1 upright, 2 .. 8 mirrored and turned
  bool alpha = false;
  bool premultiplied = false;  ///< the decoder gives colours that are multiplied with alpha already
  bool end_missing = false;    ///< a JPEG without an end marker, whose pixels are all there
  /// Bytes that its decoder takes beside the file and the image's pixels: a progressive JPEG's coefficients, a plane of
  /// alpha, a TIFF's strip.
  std::uint64_t decoder_bytes = 0;
  /// Why the file cannot be used, one clause ("is empty", "is cut off: ..."); empty for a good file.
  std::string error;

  bool ok() const { return error.empty(); }
};

/// Reads the header of a whole file in memory and checks that the file is complete, without decoding a pixel, except of
/// a JPEG without an end marker that decodes in little memory; of others decoding tells. Never throws on bad bytes.
ImageHeader read_image_header(std::span<const std::uint8_t> file);

/// EXIF orientation, 1 to 8, of an EXIF block (structured as TIFF, with or without "Exif\0\0" in front); 1 when it has
/// none.
int exif_orientation(std::span<const std::uint8_t> block);

}  // namespace lrfind::data
