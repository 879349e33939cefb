#include <data/image/format_headers.hpp>

#include <cstring>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

// JPEG: segments FF marker [length payload]; ITU-T T.81, annex B.
bool is_frame(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}
bool stands_alone(std::uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

// From inside entropy-coded data to the next marker that is no restart and no stuffed byte; npos when there is none.
std::size_t next_marker(std::span<const std::uint8_t> file, std::size_t at) {
  while (at + 1 < file.size()) {
    const void* found = std::memchr(file.data() + at, 0xFF, file.size() - 1 - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - file.data());
    const std::uint8_t marker = file[at + 1];
    if (marker != 0x00 && marker != 0xFF && !(marker >= 0xD0 && marker <= 0xD7)) return at;
    at += marker == 0xFF ? 1 : 2;
  }
  return std::string_view::npos;
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> tiff) {
  const bool big_endian = !tiff.empty() && tiff[0] == 'M';
  const Bytes exif(tiff, big_endian);
  if (!exif.starts_with("II*\0"sv) && !exif.starts_with("MM\0*"sv)) return 1;
  const std::uint64_t directory = exif.u32(4);
  const unsigned entries = exif.u16(directory);
  for (unsigned i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + 12ULL * i;
    if (!exif.has(entry, 12)) break;
    if (exif.u16(entry) != 0x0112) continue;
    const unsigned value = exif.u16(entry + 2) == 3 ? exif.u16(entry + 8) : 0;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// Walks the segments, so that the end-of-image marker of an EXIF thumbnail is never taken for the image's own.
ImageHeader read_jpeg_header(const Bytes& file) {
  ImageHeader header;
  header.format = ImageFormat::jpeg;
  const auto all = file.part(0, file.size());
  bool scanned = false;
  bool oriented = false;
  std::size_t at = 2;
  while (true) {
    while (file.u8(at) == 0xFF && file.u8(at + 1) == 0xFF) ++at;
    if (!file.has(at, 2)) break;
    if (file.u8(at) != 0xFF) {
      header.error = "is damaged: a JPEG marker is missing at byte " + std::to_string(at);
      return header;
    }
    const std::uint8_t marker = file.u8(at + 1);
    if (marker == 0xD9) {
      if (!scanned) header.error = "is damaged: the JPEG file ends before any image data";
      return header;
    }
    if (stands_alone(marker)) {
      at += 2;
      continue;
    }
    const std::uint64_t length = file.u16(at + 2);
    if (!file.has(at + 2, length) || length < 2) break;
    if (is_frame(marker) && header.width == 0) {
      header.bits = file.u8(at + 4);
      header.height = file.u16(at + 5);
      header.width = file.u16(at + 7);
      header.channels = file.u8(at + 9);
    } else if (marker == 0xE1 && !oriented && file.starts_with("Exif\0\0"sv, at + 4)) {
      header.orientation = exif_orientation(file.part(at + 10, length - 8));
      oriented = true;
    }
    at += 2 + static_cast<std::size_t>(length);
    if (marker == 0xDA) {
      scanned = true;
      at = next_marker(all, at);
      if (at == std::string_view::npos) break;
    }
  }
  header.error = "is cut off: the JPEG data end without an end-of-image marker";
  return header;
}

// PNG: chunks of length, type, payload, CRC; PNG specification, section 5.
ImageHeader read_png_header(const Bytes& file) {
  ImageHeader header;
  header.format = ImageFormat::png;
  header.error = "is cut off: the PNG data end without an IEND chunk";
  if (!file.starts_with("IHDR"sv, 12)) {
    if (file.has(12, 4)) header.error = "is damaged: the PNG file does not begin with an IHDR chunk";
    return header;
  }
  header.width = file.u32(16);
  header.height = file.u32(20);
  header.bits = file.u8(24);
  const std::uint8_t color = file.u8(25);
  header.channels = color == 0 ? 1 : color == 4 ? 2 : color == 6 ? 4 : 3;
  header.alpha = color == 4 || color == 6;
  bool data_seen = false;
  for (std::uint64_t at = 8; file.has(at, 12);) {
    const std::uint64_t length = file.u32(at);
    if (!file.has(at + 8, length + 4)) return header;
    if (file.starts_with("IDAT"sv, at + 4)) data_seen = true;
    if (file.starts_with("tRNS"sv, at + 4)) header.alpha = true;
    if (file.starts_with("eXIf"sv, at + 4)) header.orientation = exif_orientation(file.part(at + 8, length));
    if (file.starts_with("IEND"sv, at + 4)) {
      header.error = data_seen ? "" : "is damaged: the PNG file has no image data";
      return header;
    }
    at += 12 + length;
  }
  return header;
}

}  // namespace lrfind::data
