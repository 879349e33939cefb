#include <data/image/image_header.hpp>
#include "platform/text.hpp"

#include <data/image/format_headers.hpp>
#include <data/image/jpeg.hpp>

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

// ISO/IEC 14496-12: a box "ftyp" with the brand of what follows.
std::string_view by_brand(const Bytes& file) {
  for (const auto brand : {"avif"sv, "avis"sv}) {
    if (file.starts_with(brand, 8)) return "an AVIF image";
  }
  for (const auto brand : {"heic"sv, "heix"sv, "hevc"sv, "hevx"sv, "heim"sv, "heis"sv, "mif1"sv, "msf1"sv}) {
    if (file.starts_with(brand, 8)) return "a HEIC image";
  }
  return file.starts_with("crx "sv, 8) ? "a camera raw file" : "an MP4 or QuickTime file";
}

std::string_view what_else_it_is(const Bytes& file) {
  struct Signature {
    std::string_view bytes, name;
    std::size_t at = 0;
  };
  constexpr std::array signatures{Signature{"version https://git-lfs.github.com/spec/"sv, "a Git LFS pointer"sv},
                                  Signature{"GIF8"sv, "a GIF image"sv},
                                  Signature{"\0\0\0\x0CjP  "sv, "a JPEG 2000 image"sv},
                                  Signature{"\xFF\x4F\xFF\x51"sv, "a JPEG 2000 image"sv},
                                  Signature{"\0\0\0\x0CJXL "sv, "a JPEG XL image"sv},
                                  Signature{"\xFF\x0A"sv, "a JPEG XL image"sv},
                                  Signature{"II\xBC"sv, "a JPEG XR image"sv},
                                  Signature{"\0\0\1\0"sv, "an icon"sv},
                                  Signature{"P7\n"sv, "a PAM image"sv},
                                  Signature{"PF\n"sv, "a PFM image"sv},
                                  Signature{"Pf\n"sv, "a PFM image"sv},
                                  Signature{"8BPS"sv, "a Photoshop file"sv},
                                  Signature{"gimp xcf"sv, "a GIMP file"sv},
                                  Signature{"\x76\x2F\x31\x01"sv, "an OpenEXR image"sv},
                                  Signature{"#?RADIANCE"sv, "a Radiance HDR image"sv},
                                  Signature{"#?RGBE"sv, "a Radiance HDR image"sv},
                                  Signature{"DDS "sv, "a DDS image"sv},
                                  Signature{"qoif"sv, "a QOI image"sv},
                                  Signature{"SIMPLE  ="sv, "a FITS image"sv},
                                  Signature{"DICM"sv, "a DICOM image"sv, 128},
                                  Signature{"\x59\xA6\x6A\x95"sv, "a Sun raster image"sv},
                                  Signature{"\x01\xDA\0"sv, "an SGI image"sv},
                                  Signature{"\x01\xDA\1"sv, "an SGI image"sv},
                                  Signature{"IIRO"sv, "a camera raw file"sv},
                                  Signature{"IIU\0"sv, "a camera raw file"sv},
                                  Signature{"FUJIFILM"sv, "a camera raw file"sv},
                                  Signature{"\x93NUMPY"sv, "a NumPy array"sv},
                                  Signature{"\x89HDF"sv, "an HDF5 file"sv},
                                  Signature{"%PDF"sv, "a PDF document"sv},
                                  Signature{"%!PS"sv, "a PostScript document"sv},
                                  Signature{"PK\x03\x04"sv, "a ZIP archive"sv},
                                  Signature{"\x1F\x8B"sv, "a gzip archive"sv},
                                  Signature{"\x1A\x45\xDF\xA3"sv, "a Matroska or WebM file"sv},
                                  Signature{"<!DOCTYPE html"sv, "an HTML page"sv},
                                  Signature{"<!doctype html"sv, "an HTML page"sv},
                                  Signature{"<!DOCTYPE HTML"sv, "an HTML page"sv},
                                  Signature{"<html"sv, "an HTML page"sv},
                                  Signature{"<HTML"sv, "an HTML page"sv}};
  for (const auto& [bytes, name, at] : signatures) {
    if (file.starts_with(bytes, at)) return name;
  }
  if (file.starts_with("ftyp"sv, 4)) return by_brand(file);
  if (file.starts_with("RIFF"sv)) return file.starts_with("AVI "sv, 8) ? "an AVI video" : "a RIFF file";
  // Text, perhaps behind a byte order mark, an XML declaration and comments.
  const auto head = file.part(0, 1024);
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const std::size_t first = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (first == std::string_view::npos || text[first] != '<') return {};
  if (text.find("<svg") != std::string_view::npos) return "an SVG drawing";
  if (text.find("<html") != std::string_view::npos) return "an HTML page";
  return "an XML or HTML document";
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
  const std::string extension = lower_case(name.substr(dot + 1));
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

namespace {
constexpr std::uint64_t little_memory = std::uint64_t{8} << 20U;
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
      const std::string other(what_else_it_is(file));
      if (other.empty()) {
        header.error = "is not an image: its first bytes belong to no image format";
      } else if (other == "a Git LFS pointer") {
        header.error = "is a Git LFS pointer, not the image itself ('git lfs pull' fetches it)";
      } else {
        header.error = "is " + other + ", which is not supported";
      }
      return header;
    }
  }
  // The declared size comes first: of a small file that declares a huge image it is the thing worth knowing.
  const std::uint64_t declared = std::uint64_t{header.width} * header.height;
  if (declared > max_pixels) {
    header.error = "declares " + std::to_string(header.width) + " x " + std::to_string(header.height) +
                   " pixels, more than the limit of " + std::to_string(max_pixels);
  } else if (std::max(header.width, header.height) > max_side) {
    header.error = "declares " + std::to_string(header.width) + " x " + std::to_string(header.height) +
                   " pixels, a side longer than the limit of " + std::to_string(max_side);
  } else if (declared == 0 && header.error.empty()) {
    header.error = "declares no pixels (" + std::to_string(header.width) + " x " + std::to_string(header.height) + ")";
  } else if (header.end_missing && header.decoder_bytes <= little_memory && !holds_every_pixel(data, header)) {
    header.error = jpeg_cut_off;
  }
  return header;
}

}  // namespace lrfind::data
