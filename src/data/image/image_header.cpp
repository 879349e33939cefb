#include <data/image/image_header.hpp>

#include <data/image/format_headers.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

ImageFormat format_of_content(const Bytes& file) {
  if (file.starts_with("\xFF\xD8\xFF"sv)) return ImageFormat::jpeg;
  if (file.starts_with("\x89PNG\r\n\x1A\n"sv)) return ImageFormat::png;
  if (file.starts_with("RIFF"sv) && file.starts_with("WEBP"sv, 8)) return ImageFormat::webp;
  for (const auto signature : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (file.starts_with(signature)) return ImageFormat::tiff;
  }
  // Two letters alone begin many texts, so the byte that must follow is looked at too.
  if (file.starts_with("BM"sv) && file.has(14, 4) && file.u8(17) == 0 && file.u8(16) == 0) return ImageFormat::bmp;
  if (file.u8(0) == 'P' && file.u8(1) >= '1' && file.u8(1) <= '6' &&
      (std::isspace(file.u8(2)) != 0 || file.u8(2) == '#')) {
    return ImageFormat::pnm;
  }
  return ImageFormat::unknown;
}

std::string what_else_it_is(const Bytes& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> signatures{{{"GIF8", "a GIF image"},
                                                                                     {"%PDF", "a PDF document"},
                                                                                     {"PK\x03\x04", "a ZIP archive"},
                                                                                     {"\x1F\x8B", "a gzip archive"},
                                                                                     {"<!DOCTYPE", "an HTML page"},
                                                                                     {"<html", "an HTML page"},
                                                                                     {"<svg", "an SVG drawing"},
                                                                                     {"8BPS", "a Photoshop file"}}};
  for (const auto& [signature, name] : signatures) {
    if (file.starts_with(signature)) return std::string(name);
  }
  if (file.starts_with("ftyp"sv, 4)) return "a HEIC, AVIF or MP4 file";
  return {};
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace

std::string_view to_string(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return "JPEG";
    case ImageFormat::png:
      return "PNG";
    case ImageFormat::bmp:
      return "BMP";
    case ImageFormat::webp:
      return "WebP";
    case ImageFormat::tiff:
      return "TIFF";
    case ImageFormat::pnm:
      return "PNM";
    case ImageFormat::unknown:
      break;
  }
  return "unknown";
}

ImageFormat format_of_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  // A name that is an extension and nothing else (".jpg") is a hidden file, not an image.
  if (dot == std::string_view::npos || dot == 0 || name[dot - 1] == '/' || name.size() - dot > 5) {
    return ImageFormat::unknown;
  }
  const std::string extension = lower(name.substr(dot + 1));
  constexpr std::array<std::pair<std::string_view, ImageFormat>, 14> extensions{{{"jpg", ImageFormat::jpeg},
                                                                                 {"jpeg", ImageFormat::jpeg},
                                                                                 {"jpe", ImageFormat::jpeg},
                                                                                 {"jfif", ImageFormat::jpeg},
                                                                                 {"png", ImageFormat::png},
                                                                                 {"bmp", ImageFormat::bmp},
                                                                                 {"dib", ImageFormat::bmp},
                                                                                 {"webp", ImageFormat::webp},
                                                                                 {"tif", ImageFormat::tiff},
                                                                                 {"tiff", ImageFormat::tiff},
                                                                                 {"pgm", ImageFormat::pnm},
                                                                                 {"ppm", ImageFormat::pnm},
                                                                                 {"pbm", ImageFormat::pnm},
                                                                                 {"pnm", ImageFormat::pnm}}};
  for (const auto& [known, format] : extensions) {
    if (extension == known) return format;
  }
  return ImageFormat::unknown;
}

ImageHeader read_image_header(std::span<const std::uint8_t> data) {
  const Bytes file(data);
  ImageHeader header;
  if (data.empty()) {
    header.error = "is empty (0 bytes)";
    return header;
  }
  switch (format_of_content(file)) {
    case ImageFormat::jpeg:
      header = read_jpeg_header(file);
      break;
    case ImageFormat::png:
      header = read_png_header(file);
      break;
    case ImageFormat::bmp:
      header = read_bmp_header(data);
      break;
    case ImageFormat::webp:
      header = read_webp_header(data);
      break;
    case ImageFormat::tiff:
      header = read_tiff_header(data);
      break;
    case ImageFormat::pnm:
      header = read_pnm_header(file);
      break;
    case ImageFormat::unknown: {
      const std::string other = what_else_it_is(file);
      header.error = other.empty() ? "is not an image: its first bytes belong to no image format"
                                   : "is " + other + ", which is not a supported image format";
      return header;
    }
  }
  // The declared size comes first: of a small file that declares a huge image it is the thing worth knowing.
  const std::uint64_t declared = std::uint64_t{header.width} * header.height;
  if (declared > max_pixels) {
    header.error = "declares " + std::to_string(header.width) + " x " + std::to_string(header.height) +
                   " pixels, more than the limit of " + std::to_string(max_pixels);
  } else if (declared == 0 && header.error.empty()) {
    header.error = "declares no pixels (" + std::to_string(header.width) + " x " + std::to_string(header.height) + ")";
  }
  return header;
}

}  // namespace lrfind::data
