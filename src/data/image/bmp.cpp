// BMP: a file header of 14 bytes, BITMAPCOREHEADER (12 bytes), OS/2's (16 to 64), BITMAPINFOHEADER (40) or one of its
// successors (52 to 124), masks, palette, rows from the bottom in words of 32 bits.
#include <data/image/format_headers.hpp>
#include <data/image/pixel_readers.hpp>

#include <opencv2/core.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace lrfind::data {
namespace {

using Color = std::array<std::uint8_t, 3>;  // blue, green, red

enum Compression : std::uint32_t { plain = 0, rle8 = 1, rle4 = 2, masks = 3, masks_with_alpha = 6 };

struct Layout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = plain;
  std::array<std::uint32_t, 4> mask{};  // blue, green, red, alpha; of 16 and 32 bits
  std::uint64_t palette = 0;            // where it begins
  std::uint64_t palette_colors = 0;
  unsigned color_bytes = 4;
  std::uint64_t pixels = 0;  // where they begin
  bool run_length() const { return compression == rle8 || compression == rle4; }
  std::uint64_t row_bytes() const { return (std::uint64_t{width} * bits + 31) / 32 * 4; }
};

Layout layout_of(const Bytes& file) {
  Layout layout;
  const std::uint32_t header_bytes = file.u32(14);
  const bool core = header_bytes == 12;
  const auto rows = static_cast<std::int32_t>(core ? file.u16(20) : file.u32(22));
  layout.width = core ? file.u16(18) : file.u32(18);
  layout.height = rows < 0 ? 0U - static_cast<std::uint32_t>(rows) : static_cast<std::uint32_t>(rows);
  layout.top_down = rows < 0;
  layout.bits = core ? file.u16(24) : file.u16(28);
  // A header of 16 bytes ends before this field.
  layout.compression = header_bytes < 20 ? std::uint32_t{plain} : file.u32(30);
  layout.mask = layout.bits == 16 ? std::array<std::uint32_t, 4>{0x1F, 0x3E0, 0x7C00, 0}
                                  : std::array<std::uint32_t, 4>{0xFF, 0xFF00, 0xFF0000, 0};
  std::uint64_t end = 14 + std::uint64_t{header_bytes};
  if (layout.compression == masks || layout.compression == masks_with_alpha) {
    layout.mask = {file.u32(62), file.u32(58), file.u32(54), 0};
    const bool has_alpha = header_bytes >= 56 || layout.compression == masks_with_alpha;
    if (has_alpha) layout.mask[3] = file.u32(66);
    if (header_bytes == 40) end += has_alpha ? 16 : 12;
  }
  layout.palette = end;
  layout.color_bytes = core ? 3 : 4;
  if (layout.bits <= 8) {
    const std::uint32_t used = header_bytes >= 40 ? file.u32(46) : 0;
    const std::uint32_t all = 1U << layout.bits;
    layout.palette_colors = used == 0 ? all : std::min(used, all);
    end += layout.palette_colors * layout.color_bytes;
  }
  layout.pixels = file.u32(10) != 0 ? std::uint64_t{file.u32(10)} : end;
  if (layout.pixels > layout.palette) {
    layout.palette_colors = std::min(layout.palette_colors, (layout.pixels - layout.palette) / layout.color_bytes);
  }
  return layout;
}

std::string unsupported(const Layout& layout, std::uint32_t header_bytes) {
  constexpr std::array<std::uint32_t, 6> header_sizes{12, 40, 52, 56, 108, 124};
  const bool os2 = header_bytes >= 16 && header_bytes <= 64 && header_bytes != 40;
  if (std::find(header_sizes.begin(), header_sizes.end(), header_bytes) == header_sizes.end() && !os2) {
    return "a header of " + std::to_string(header_bytes) + " bytes";
  }
  const auto pair_is = [&](std::uint32_t compression, std::initializer_list<std::uint32_t> bits) {
    return layout.compression == compression && std::find(bits.begin(), bits.end(), layout.bits) != bits.end();
  };
  const bool known = pair_is(plain, {1, 2, 4, 8, 16, 24, 32}) || pair_is(rle8, {8}) || pair_is(rle4, {4}) ||
                     pair_is(masks, {16, 32}) || pair_is(masks_with_alpha, {16, 32});
  if (known) return {};
  return std::to_string(layout.bits) + " bits per pixel and compression " + std::to_string(layout.compression);
}

// A colour's bits in a pixel, brought to 8.
struct Channel {
  std::uint32_t mask;
  int shift;
  std::uint32_t white;

  explicit Channel(std::uint32_t m) : mask(m), shift(m == 0 ? 0 : std::countr_zero(m)), white(m >> shift) {}
  std::uint8_t operator()(std::uint32_t pixel) const {
    if (white == 0) return 0;
    return static_cast<std::uint8_t>((std::uint64_t{(pixel & mask) >> shift} * 255 + white / 2) / white);
  }
};

// Red, green and blue, and alpha where the file has it, out of words of 16 or 32 bits.
cv::Mat by_masks(const Bytes& file, const Layout& layout) {
  const int channels = layout.mask[3] != 0 ? 4 : 3;
  const std::array<Channel, 4> channel{Channel(layout.mask[0]), Channel(layout.mask[1]), Channel(layout.mask[2]),
                                       Channel(layout.mask[3])};
  cv::Mat image(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_8UC(channels));
  const unsigned bytes = layout.bits / 8;
  for (int row = 0; row < image.rows; ++row) {
    std::uint8_t* to = image.ptr(row);
    std::uint64_t at = layout.pixels + layout.row_bytes() * static_cast<std::uint64_t>(row);
    for (int column = 0; column < image.cols; ++column, at += bytes, to += channels) {
      const std::uint32_t pixel = bytes == 2 ? file.u16(at) : file.u32(at);
      for (int c = 0; c < channels; ++c) to[c] = channel[static_cast<std::size_t>(c)](pixel);
    }
  }
  return image;
}

cv::Mat by_bytes(const Bytes& file, const Layout& layout) {
  cv::Mat image(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_8UC3);
  for (int row = 0; row < image.rows; ++row) {
    const auto from = file.part(layout.pixels + layout.row_bytes() * static_cast<std::uint64_t>(row),
                                std::uint64_t{layout.width} * 3);
    std::copy(from.begin(), from.end(), image.ptr(row));
  }
  return image;
}

cv::Mat plain_indices(const Bytes& file, const Layout& layout) {
  cv::Mat indices(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_8U);
  const unsigned per_byte = 8 / layout.bits;
  for (int row = 0; row < indices.rows; ++row) {
    std::uint8_t* to = indices.ptr(row);
    const std::uint64_t from = layout.pixels + layout.row_bytes() * static_cast<std::uint64_t>(row);
    for (unsigned i = 0; i < layout.width; ++i) {
      const unsigned shift = 8 - layout.bits * (i % per_byte + 1);
      to[i] = static_cast<std::uint8_t>(file.u8(from + i / per_byte) >> shift & ((1U << layout.bits) - 1));
    }
  }
  return indices;
}

// Runs of one byte (two colours in turn at 4 bits), copies, and jumps over pixels, which keep index 0.
cv::Mat run_length_indices(const Bytes& file, const Layout& layout) {
  cv::Mat indices = cv::Mat::zeros(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_8U);
  const bool nibbles = layout.compression == rle4;
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  const auto put = [&](std::uint8_t index) {
    if (x < layout.width && y < layout.height) indices.ptr(static_cast<int>(y))[x] = index;
    ++x;
  };
  const auto nibble = [](std::uint8_t byte, unsigned i) {
    return static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4U : byte & 15U);
  };
  std::uint64_t at = layout.pixels;
  while (y < layout.height) {
    if (!file.has(at, 2)) throw std::runtime_error("is cut off: the BMP data end in row " + std::to_string(y));
    const unsigned count = file.u8(at);
    const std::uint8_t value = file.u8(at + 1);
    at += 2;
    if (count > 0) {
      for (unsigned i = 0; i < count; ++i) put(nibbles ? nibble(value, i) : value);
    } else if (value == 0) {
      x = 0;
      ++y;
    } else if (value == 1) {
      break;
    } else if (value == 2) {
      x += file.u8(at);
      y += file.u8(at + 1);
      at += 2;
    } else {
      const std::uint64_t bytes = nibbles ? (value + 1U) / 2 : value;
      if (!file.has(at, bytes)) throw std::runtime_error("is cut off: the BMP data end in row " + std::to_string(y));
      for (unsigned i = 0; i < value; ++i) put(nibbles ? nibble(file.u8(at + i / 2), i) : file.u8(at + i));
      at += (bytes + 1) / 2 * 2;
    }
  }
  return indices;
}

// Indices beyond the palette are black.
cv::Mat by_palette(const Bytes& file, const Layout& layout, const cv::Mat& indices) {
  std::array<Color, 256> palette{};
  for (std::uint64_t i = 0; i < layout.palette_colors; ++i) {
    const std::uint64_t at = layout.palette + i * layout.color_bytes;
    palette[i] = {file.u8(at), file.u8(at + 1), file.u8(at + 2)};
  }
  cv::Mat image(indices.size(), CV_8UC3);
  for (int row = 0; row < image.rows; ++row) {
    const std::uint8_t* from = indices.ptr(row);
    std::uint8_t* to = image.ptr(row);
    for (int column = 0; column < image.cols; ++column, to += 3) {
      std::copy_n(palette[from[column]].begin(), 3, to);
    }
  }
  return image;
}

}  // namespace

ImageHeader read_bmp_header(std::span<const std::uint8_t> data) {
  const Bytes file(data, false);
  const Layout layout = layout_of(file);
  ImageHeader header;
  header.format = ImageFormat::bmp;
  header.width = layout.width;
  header.height = layout.height;
  header.alpha = (layout.bits == 16 || layout.bits == 32) && layout.mask[3] != 0;
  header.channels = header.alpha ? 4 : 3;
  header.decoder_bytes = layout.bits <= 8 ? std::uint64_t{layout.width} * layout.height : alpha_bytes(header);
  if (const std::string what = unsupported(layout, file.u32(14)); !what.empty()) {
    header.error = "is a BMP image with " + what + ", which is not supported";
  } else if (layout.width != 0 && layout.height != 0) {
    // Some writers leave out the last row's padding. Where runs end only decoding them tells.
    const std::uint64_t needed = layout.run_length() ? layout.pixels
                                                     : layout.pixels + layout.row_bytes() * (layout.height - 1ULL) +
                                                           (std::uint64_t{layout.width} * layout.bits + 7) / 8;
    if (needed > data.size()) header.error = cut_off("BMP", needed, data.size());
  }
  return header;
}

cv::Mat read_bmp(std::span<const std::uint8_t> data) {
  const Bytes file(data, false);
  const Layout layout = layout_of(file);
  cv::Mat image;
  if (layout.bits <= 8) {
    image =
        by_palette(file, layout, layout.run_length() ? run_length_indices(file, layout) : plain_indices(file, layout));
  } else {
    image = layout.bits == 24 ? by_bytes(file, layout) : by_masks(file, layout);
  }
  if (!layout.top_down) cv::flip(cv::Mat(image), image, 0);
  return image;
}

}  // namespace lrfind::data
