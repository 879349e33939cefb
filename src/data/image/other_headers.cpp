#include <data/image/format_headers.hpp>

#include <algorithm>
#include <array>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

std::string cut_off(std::string_view format, std::uint64_t needed, std::size_t size) {
  return "is cut off: the " + std::string(format) + " data need " + std::to_string(needed) +
         " bytes and the file has " + std::to_string(size);
}

}  // namespace

// BMP: file header of 14 bytes, then BITMAPCOREHEADER (12 bytes) or BITMAPINFOHEADER and its successors.
ImageHeader read_bmp_header(std::span<const std::uint8_t> data) {
  const Bytes file(data, false);
  ImageHeader header;
  header.format = ImageFormat::bmp;
  const bool core = file.u32(14) == 12;
  const auto rows = static_cast<std::int32_t>(core ? file.u16(20) : file.u32(22));
  header.width = core ? file.u16(18) : file.u32(18);
  header.height = rows < 0 ? 0U - static_cast<std::uint32_t>(rows) : static_cast<std::uint32_t>(rows);
  const std::uint32_t bits = core ? file.u16(24) : file.u16(28);
  const std::uint32_t compression = core ? 0 : file.u32(30);
  header.channels = 3;
  header.alpha = bits == 32 && compression == 3 && file.u32(14) >= 56 && file.u32(66) != 0;
  if (header.alpha) header.channels = 4;
  const bool plain = compression == 0 || compression == 3;
  if (plain && header.width != 0 && header.height != 0) {
    const std::uint64_t row = (std::uint64_t{header.width} * bits + 31) / 32 * 4;
    // Some writers leave out the last row's padding.
    const std::uint64_t needed =
        file.u32(10) + row * (header.height - 1ULL) + (std::uint64_t{header.width} * bits + 7) / 8;
    if (needed > data.size()) header.error = cut_off("BMP", needed, data.size());
  } else if (!plain && file.u32(2) > data.size()) {
    header.error = cut_off("BMP", file.u32(2), data.size());
  }
  return header;
}

// WebP: RIFF chunks; RFC 9649.
ImageHeader read_webp_header(std::span<const std::uint8_t> data) {
  const Bytes file(data, false);
  ImageHeader header;
  header.format = ImageFormat::webp;
  header.channels = 3;
  if (file.starts_with("VP8X"sv, 12)) {
    header.alpha = (file.u8(20) & 0x10U) != 0;
    header.width = (file.u32(24) & 0xFFFFFFU) + 1;
    header.height = (file.u32(27) & 0xFFFFFFU) + 1;
    for (std::uint64_t at = 12; file.has(at, 8); at += 8ULL + file.u32(at + 4) + (file.u32(at + 4) & 1U)) {
      if (!file.starts_with("EXIF"sv, at)) continue;
      // Some writers keep JPEG's "Exif\0\0" in front.
      const std::uint64_t skip = file.starts_with("Exif\0\0"sv, at + 8) ? 6 : 0;
      header.orientation = exif_orientation(file.part(at + 8 + skip, file.u32(at + 4)));
    }
  } else if (file.starts_with("VP8L"sv, 12)) {
    const std::uint32_t packed = file.u32(21);
    header.width = (packed & 0x3FFFU) + 1;
    header.height = (packed >> 14U & 0x3FFFU) + 1;
    header.alpha = (packed >> 28U & 1U) != 0;
  } else if (file.starts_with("VP8 "sv, 12)) {
    header.width = file.u16(26) & 0x3FFFU;
    header.height = file.u16(28) & 0x3FFFU;
  } else {
    header.error = "is damaged: the WebP file has no image chunk";
    return header;
  }
  if (header.alpha) header.channels = 4;
  const std::uint64_t needed = std::uint64_t{file.u32(4)} + 8;
  if (needed > data.size()) header.error = cut_off("WebP", needed, data.size());
  return header;
}

// TIFF 6.0, section 2, and BigTIFF: a directory of tags; strips or tiles lie anywhere in the file.
ImageHeader read_tiff_header(std::span<const std::uint8_t> data) {
  const Bytes file(data, data[0] == 'M');
  ImageHeader header;
  header.format = ImageFormat::tiff;
  header.channels = 1;
  const bool big = file.u16(2) == 43;
  const unsigned word = big ? 8 : 4;
  const std::uint64_t entry_bytes = big ? 20 : 12;
  const auto read_word = [&](std::uint64_t at) { return big ? file.u64(at) : std::uint64_t{file.u32(at)}; };
  const std::uint64_t directory = read_word(big ? 8 : 4);
  const std::uint64_t entries = big ? file.u64(directory) : file.u16(directory);
  const std::uint64_t first = directory + (big ? 8 : 2);
  if (directory == 0 || entries == 0 || entries > 4096 || !file.has(first, entries * entry_bytes)) {
    header.error = "is cut off: the TIFF directory lies outside the file";
    return header;
  }
  // Bytes per value of the types 0 (not in use) to 18.
  constexpr std::array<unsigned, 19> type_bytes{1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8};
  struct Tag {
    std::uint64_t count = 0, at = 0;
    unsigned bytes = 0;
  };
  const auto value = [&](const Tag& tag, std::uint64_t i) -> std::uint64_t {
    const std::uint64_t at = tag.at + i * tag.bytes;
    return tag.bytes == 1 ? file.u8(at) : tag.bytes == 2 ? file.u16(at) : tag.bytes == 4 ? file.u32(at) : file.u64(at);
  };
  std::uint64_t extra = 0;  // 1, 2: alpha with which the colours are, are not multiplied
  Tag offsets;
  Tag counts;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = first + i * entry_bytes;
    Tag tag;
    const unsigned type = file.u16(entry + 2);
    tag.bytes = type < type_bytes.size() ? type_bytes[type] : 1;
    tag.count = read_word(entry + 4);
    tag.at = entry + 4 + word;
    if (tag.count > word / tag.bytes) {
      tag.at = read_word(tag.at);
      if (tag.count > data.size() || !file.has(tag.at, tag.count * tag.bytes)) {
        header.error = "is cut off: a TIFF tag lies outside the file";
        return header;
      }
    }
    switch (file.u16(entry)) {
      case 256:
        header.width = static_cast<std::uint32_t>(value(tag, 0));
        break;
      case 257:
        header.height = static_cast<std::uint32_t>(value(tag, 0));
        break;
      case 258:
        header.bits = static_cast<int>(value(tag, 0));
        break;
      case 262:
        if (value(tag, 0) == 3) header.channels = 3;
        break;  // palette
      case 274:
        header.orientation = static_cast<int>(std::clamp<std::uint64_t>(value(tag, 0), 1, 8));
        break;
      case 277:
        header.channels = std::max(header.channels, static_cast<int>(std::min<std::uint64_t>(value(tag, 0), 64)));
        break;
      case 338:
        extra = value(tag, 0);
        break;
      case 273:
      case 324:
        offsets = tag;
        break;
      case 279:
      case 325:
        counts = tag;
        break;
      default:
        break;
    }
  }
  header.alpha = extra == 1 || extra == 2;
  // libtiff, as OpenCV uses it for 8 bits, multiplies where the file has not.
  header.premultiplied = extra == 1 || (extra == 2 && header.bits == 8);
  const std::uint64_t strips = std::min({offsets.count, counts.count, std::uint64_t{data.size()}});
  for (std::uint64_t i = 0; i < strips; ++i) {
    if (!file.has(value(offsets, i), value(counts, i))) {
      header.error = "is cut off: TIFF image data lie outside the file";
      break;
    }
  }
  return header;
}

// PNM: "P" digit, then width, height and (not in bitmaps) the value of white, with white space and # comments between.
ImageHeader read_pnm_header(const Bytes& file) {
  ImageHeader header;
  header.format = ImageFormat::pnm;
  const unsigned kind = file.u8(1) - unsigned{'0'};
  header.channels = kind == 3 || kind == 6 ? 3 : 1;
  std::uint64_t at = 2;
  const auto is_space = [](std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  const auto number = [&]() -> std::uint32_t {
    while (at < file.size() && (is_space(file.u8(at)) || file.u8(at) == '#')) {
      if (file.u8(at) == '#') {
        while (at < file.size() && file.u8(at) != '\n') ++at;
      } else {
        ++at;
      }
    }
    std::uint64_t value = 0;
    while (file.u8(at) >= '0' && file.u8(at) <= '9')
      value = std::min<std::uint64_t>(value * 10 + file.u8(at++) - '0', 0xFFFFFFFFU);
    return static_cast<std::uint32_t>(value);
  };
  header.width = number();
  header.height = number();
  const bool bitmap = kind == 1 || kind == 4;
  header.max_value = bitmap ? 1 : number();
  if (header.max_value == 0 || header.max_value > 65535) {
    header.error = "is damaged: the PNM header has no value for white between 1 and 65535";
    return header;
  }
  header.bits = header.max_value > 255 ? 16 : 8;
  if (kind >= 4) {
    const std::uint64_t row = bitmap ? (header.width + 7ULL) / 8
                                     : std::uint64_t{header.width} * static_cast<unsigned>(header.channels) *
                                           static_cast<unsigned>(header.bits / 8);
    const std::uint64_t needed = at + 1 + row * header.height;
    if (needed > file.size()) header.error = cut_off("PNM", needed, file.size());
  }
  return header;
}

}  // namespace lrfind::data
