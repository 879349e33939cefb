#include <data/image/format_headers.hpp>

namespace lrfind::data {

using namespace std::string_view_literals;

namespace {
// Lossless images and alpha planes are unpacked whole, as words of four bytes.
constexpr std::uint64_t libwebp_bytes_per_pixel = 4;
}  // namespace

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
      header.orientation = exif_orientation(file.part(at + 8, file.u32(at + 4)));
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
  header.decoder_bytes = std::uint64_t{header.width} * header.height * libwebp_bytes_per_pixel + alpha_bytes(header);
  const std::uint64_t needed = std::uint64_t{file.u32(4)} + 8;
  if (needed > data.size()) {
    header.error = cut_off("WebP", needed, data.size());
  } else if (file.starts_with("VP8X"sv, 12) && (file.u8(20) & 0x02U) != 0) {
    header.error = "is an animated WebP image, which is not supported";
  }
  return header;
}

}  // namespace lrfind::data
