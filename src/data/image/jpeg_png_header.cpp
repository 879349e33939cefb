#include <data/image/format_headers.hpp>

#include <algorithm>
#include <cstring>
#include <set>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

// JPEG: segments FF marker [length payload]; ITU-T T.81, annex B.
bool is_frame(std::uint8_t marker) {
  return marker == 0xF7 || (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC);
}
bool stands_alone(std::uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

// The next marker at or behind a place, over image data and stray bytes; npos when there is none. Restarts, stuffed and
// fill bytes are no markers.
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

// The kinds of JPEG that are neither sequential nor progressive by their start-of-frame marker; T.81, table B.1.
std::string_view unsupported_process(std::uint8_t marker) {
  switch (marker) {
    case 0xC3:
    case 0xCB:
      return "a lossless JPEG image";
    case 0xC5:
    case 0xC6:
    case 0xC7:
    case 0xCD:
    case 0xCE:
    case 0xCF:
      return "a hierarchical JPEG image";
    case 0xF7:
      return "a JPEG-LS image";
    default:
      return {};
  }
}

void read_frame(const Bytes& file, std::size_t at, ImageHeader& header) {
  header.bits = file.u8(at + 4);
  header.height = file.u16(at + 5);
  header.width = file.u16(at + 7);
  header.channels = file.u8(at + 9);
  if (const std::string_view process = unsupported_process(file.u8(at + 1)); !process.empty()) {
    header.error = "is " + std::string(process) + ", which is not supported";
  } else if (header.bits != 8) {
    header.error = "is a JPEG image with " + std::to_string(header.bits) + " bits per sample, which is not supported";
  } else if (header.channels != 1 && header.channels != 3 && header.channels != 4) {
    header.error = "is a JPEG image with " + std::to_string(header.channels) + " components, which is not supported";
  }
}

// Encoders write ten; each goes over the whole image, however few its bytes.
constexpr unsigned most_scans = 200;

// Of all blocks of 8 x 8, each coefficient a word; T.81, A.1.1 and A.2.4: components are subsampled and filled up to
// whole units of the largest sampling factors.
std::uint64_t coefficient_bytes(const Bytes& file, std::size_t at, const ImageHeader& header) {
  std::uint64_t across = 1, down = 1, blocks = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(header.channels); ++i) {
    const unsigned sampling = file.u8(at + 11 + 3ULL * i);
    across = std::max<std::uint64_t>(across, sampling >> 4U);
    down = std::max<std::uint64_t>(down, sampling & 15U);
    blocks += static_cast<std::uint64_t>(sampling >> 4U) * (sampling & 15U);
  }
  const std::uint64_t units =
      ((header.width + 8 * across - 1) / (8 * across)) * ((header.height + 8 * down - 1) / (8 * down));
  return units * blocks * 128;
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> block) {
  // JPEG's prefix, which some writers put in front elsewhere too.
  if (Bytes(block).starts_with("Exif\0\0"sv)) block = block.subspan(6);
  const bool big_endian = !block.empty() && block[0] == 'M';
  const Bytes exif(block, big_endian);
  if (!exif.starts_with("II*\0"sv) && !exif.starts_with("MM\0*"sv)) return 1;
  const std::uint64_t directory = exif.u32(4);
  const unsigned entries = exif.u16(directory);
  for (unsigned i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + 12ULL * i;
    if (!exif.has(entry, 12)) break;
    if (exif.u16(entry) != 0x0112 || exif.u32(entry + 4) != 1) continue;
    std::uint32_t value = 0;
    switch (exif.u16(entry + 2)) {
      case 3:  // SHORT, which the standard asks for
      case 8:  // SSHORT
        value = exif.u16(entry + 8);
        break;
      case 4:  // LONG
      case 9:  // SLONG
        value = exif.u32(entry + 8);
        break;
      default:
        break;
    }
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// Walks the segments, so that the end-of-image marker of an EXIF thumbnail is never taken for the image's own.
ImageHeader read_jpeg_header(const Bytes& file) {
  ImageHeader header;
  header.format = ImageFormat::jpeg;
  const auto all = file.part(0, file.size());
  std::set<std::uint8_t> scanned;  // the components of the scans so far
  bool oriented = false;
  bool progressive = false;
  std::uint64_t coefficients = 0;
  unsigned scans = 0;
  std::size_t at = 2;
  while ((at = next_marker(all, at)) != std::string_view::npos) {
    const std::uint8_t marker = file.u8(at + 1);
    if (marker == 0xD9) {
      if (scanned.empty()) header.error = "is damaged: the JPEG file ends before any image data";
      return header;
    }
    if (stands_alone(marker)) {
      at += 2;
      continue;
    }
    const std::uint64_t length = file.u16(at + 2);
    if (!file.has(at + 2, length)) break;
    if (length < 2) {
      header.error = "is damaged: the JPEG segment at byte " + std::to_string(at) + " has no length";
      return header;
    }
    if (is_frame(marker) && header.width == 0) {
      read_frame(file, at, header);
      if (!header.ok()) return header;
      progressive = marker == 0xC2 || marker == 0xCA;
      coefficients = coefficient_bytes(file, at, header);
    } else if (marker == 0xE1 && !oriented && file.starts_with("Exif\0\0"sv, at + 4)) {
      header.orientation = exif_orientation(file.part(at + 4, length - 2));
      oriented = true;
    } else if (marker == 0xDA) {
      const unsigned components = file.u8(at + 4);
      // What does not come in one scan is put together from the coefficients of all.
      if (progressive || components < static_cast<unsigned>(header.channels)) header.decoder_bytes = coefficients;
      if (++scans > most_scans) {
        header.error = "is a JPEG image of more than " + std::to_string(most_scans) + " scans, which is not supported";
        return header;
      }
      for (unsigned i = 0; i < components; ++i) scanned.insert(file.u8(at + 5 + 2ULL * i));
    }
    at += 2 + static_cast<std::size_t>(length);
  }
  header.end_missing = header.width != 0 && scanned.size() == static_cast<std::size_t>(header.channels);
  if (!header.end_missing) header.error = jpeg_cut_off;
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
      header.decoder_bytes = alpha_bytes(header);
      return header;
    }
    at += 12 + length;
  }
  return header;
}

}  // namespace lrfind::data
