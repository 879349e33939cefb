#include <data/pixel_readers.hpp>

#include <data/tiff_file.hpp>

#include <opencv2/core.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

namespace lrfind::data {
namespace {

[[noreturn]] void fail(const TiffFile& file) {
  throw std::runtime_error("is damaged: " +
                           (file.complaint().empty() ? "TIFF image data are missing" : file.complaint()));
}

/// A strip or a tile: what libtiff decodes at a time.
struct Blocks {
  bool tiled = false;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::size_t row_bytes = 0;
  std::size_t bytes = 0;
};

Blocks blocks_of(const TiffFile& file, const TiffLayout& layout) {
  TIFF* tiff = file.get();
  Blocks blocks;
  blocks.tiled = TIFFIsTiled(tiff) != 0;
  if (blocks.tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &blocks.width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &blocks.height);
  } else {
    blocks.width = layout.width;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &blocks.height);
    blocks.height = std::min(blocks.height, layout.height);
  }
  const std::uint64_t row = blocks.tiled ? TIFFTileRowSize64(tiff) : TIFFScanlineSize64(tiff);
  constexpr std::uint64_t limit = std::uint64_t{1} << 30U;
  if (blocks.width == 0 || blocks.height == 0 || row == 0) fail(file);
  if (row > limit / blocks.height) {
    throw std::runtime_error("is a TIFF image in parts of more than " + std::to_string(limit) +
                             " bytes, which is not supported");
  }
  blocks.row_bytes = static_cast<std::size_t>(row);
  blocks.bytes = blocks.row_bytes * blocks.height;
  return blocks;
}

// From a sample's value in the file to 8 bits: 0 .. 2^bits - 1 becomes 0 .. 255, rounded. A palette's indices stay.
std::vector<std::uint8_t> eight_bits(const TiffLayout& layout, bool color) {
  const std::uint32_t white = (std::uint32_t{1} << layout.bits) - 1;
  std::vector<std::uint8_t> table(white + 1);
  const bool index = color && layout.photometric == PHOTOMETRIC_PALETTE;
  const bool inverted = color && layout.photometric == PHOTOMETRIC_MINISWHITE;
  for (std::uint32_t value = 0; value <= white; ++value) {
    const std::uint32_t scaled = index ? value : (value * 255 + white / 2) / white;
    table[value] = static_cast<std::uint8_t>(inverted ? 255 - scaled : scaled);
  }
  return table;
}

// Samples of a row as libtiff gives them: whole bytes, words of this machine, or bits from the highest down.
void unpack(const std::uint8_t* row, unsigned bits, std::span<std::uint16_t> samples) {
  if (bits == 8) {
    std::copy_n(row, samples.size(), samples.begin());
  } else if (bits == 16) {
    std::memcpy(samples.data(), row, samples.size_bytes());
  } else {
    std::uint32_t held = 0;
    unsigned count = 0;
    for (std::uint16_t& sample : samples) {
      for (; count < bits; count += 8) held = held << 8U | *row++;
      count -= bits;
      sample = static_cast<std::uint16_t>(held >> count & ((1U << bits) - 1));
    }
  }
}

// The samples that matter, colours first, at 8 bits.
cv::Mat read_samples(TiffFile& file, const TiffLayout& layout) {
  TIFF* tiff = file.get();
  const bool separate = layout.planar == PLANARCONFIG_SEPARATE && layout.samples > 1;
  const Blocks blocks = blocks_of(file, layout);
  const auto used = static_cast<std::uint16_t>(layout.colors + (layout.alpha >= 0 ? 1 : 0));
  const std::size_t step = separate ? 1 : layout.samples;
  const auto color_table = eight_bits(layout, true);
  const auto alpha_table = eight_bits(layout, false);
  cv::Mat image(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_8UC(used));
  std::vector<std::uint8_t> block(blocks.bytes);
  std::vector<std::uint16_t> samples(blocks.width * step);
  const auto read_block = [&](std::uint32_t x, std::uint32_t y, std::uint16_t plane, std::uint32_t rows) {
    const auto wanted = static_cast<tmsize_t>(blocks.tiled ? blocks.bytes : blocks.row_bytes * rows);
    const tmsize_t got = blocks.tiled
                             ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, plane), block.data(), wanted)
                             : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, plane), block.data(), wanted);
    if (got < wanted || !file.complaint().empty()) fail(file);
  };
  for (std::uint16_t plane = 0; plane < (separate ? used : 1); ++plane) {
    for (std::uint32_t y = 0; y < layout.height; y += blocks.height) {
      const std::uint32_t rows = std::min(blocks.height, layout.height - y);
      for (std::uint32_t x = 0; x < layout.width; x += blocks.width) {
        const std::uint32_t columns = std::min(blocks.width, layout.width - x);
        read_block(x, y, plane, rows);
        for (std::uint32_t row = 0; row < rows; ++row) {
          unpack(block.data() + row * blocks.row_bytes, layout.bits, {samples.data(), columns * step});
          for (int sample = separate ? plane : 0; sample < (separate ? plane + 1 : used); ++sample) {
            const auto& table = sample == layout.alpha ? alpha_table : color_table;
            const std::uint16_t* from = samples.data() + (separate ? 0 : sample);
            std::uint8_t* to = image.ptr(static_cast<int>(y + row), static_cast<int>(x)) + sample;
            for (std::uint32_t i = 0; i < columns; ++i, from += step, to += used) *to = table[*from];
          }
        }
      }
    }
  }
  return image;
}

// TIFF 6.0, section 5: 16 bits per colour; some old writers left the upper ones empty.
std::array<std::vector<std::uint8_t>, 3> palette_of(const TiffFile& file, unsigned bits) {
  std::array<std::uint16_t*, 3> maps{};
  if (TIFFGetField(file.get(), TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) == 0) {
    throw std::runtime_error("is damaged: the TIFF file has no palette");
  }
  const std::size_t count = std::size_t{1} << bits;
  const bool low = std::all_of(maps.begin(), maps.end(), [&](const std::uint16_t* map) {
    return std::all_of(map, map + count, [](std::uint16_t value) { return value < 256; });
  });
  std::array<std::vector<std::uint8_t>, 3> palette;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned value = maps[c][i];
      palette[c].push_back(static_cast<std::uint8_t>(low ? value : (value * 255U + 32767U) / 65535U));
    }
  }
  return palette;
}

// Grey stays; palette, red-green-blue and cyan-magenta-yellow-black become BGR; alpha follows.
cv::Mat colored(const TiffFile& file, const TiffLayout& layout, cv::Mat image) {
  const bool palette = layout.photometric == PHOTOMETRIC_PALETTE;
  if (layout.colors == 1 && !palette) return image;
  const int alpha = layout.alpha >= 0 ? 1 : 0;
  const auto colors = palette ? palette_of(file, layout.bits) : std::array<std::vector<std::uint8_t>, 3>{};
  cv::Mat result(image.size(), CV_8UC(3 + alpha));
  for (int row = 0; row < image.rows; ++row) {
    const std::uint8_t* from = image.ptr(row);
    std::uint8_t* to = result.ptr(row);
    for (int column = 0; column < image.cols; ++column, from += layout.colors + alpha, to += 3 + alpha) {
      for (std::size_t c = 0; c < 3; ++c) {
        const unsigned value = palette              ? colors[c][from[0]]
                               : layout.colors == 4 ? ((255U - from[c]) * (255U - from[3]) + 127U) / 255U
                                                    : from[c];
        to[2 - c] = static_cast<std::uint8_t>(value);
      }
      if (alpha == 1) to[3] = from[layout.colors];
    }
  }
  return result;
}

struct RgbaImage {
  TIFFRGBAImage image{};
  RgbaImage() = default;
  RgbaImage(const RgbaImage&) = delete;
  RgbaImage& operator=(const RgbaImage&) = delete;
  ~RgbaImage() { TIFFRGBAImageEnd(&image); }
};

// libtiff's own conversion, of YCbCr.
cv::Mat read_as_rgba(TiffFile& file, const TiffLayout& layout) {
  RgbaImage rgba;
  std::array<char, 1024> why{};
  if (TIFFRGBAImageBegin(&rgba.image, file.get(), 1, why.data()) == 0) fail(file);
  rgba.image.req_orientation = rgba.image.orientation;  // as stored
  cv::Mat packed(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_32S);
  if (TIFFRGBAImageGet(&rgba.image, packed.ptr<std::uint32_t>(), layout.width, layout.height) == 0 ||
      !file.complaint().empty()) {
    fail(file);
  }
  cv::Mat result(packed.size(), CV_8UC3);
  for (int row = 0; row < result.rows; ++row) {
    const auto* from = packed.ptr<std::uint32_t>(row);
    std::uint8_t* to = result.ptr(row);
    for (int column = 0; column < result.cols; ++column, ++from) {
      *to++ = static_cast<std::uint8_t>(TIFFGetB(*from));
      *to++ = static_cast<std::uint8_t>(TIFFGetG(*from));
      *to++ = static_cast<std::uint8_t>(TIFFGetR(*from));
    }
  }
  return result;
}

}  // namespace

cv::Mat read_tiff(std::span<const std::uint8_t> data) {
  TiffFile file(data);
  if (file.get() == nullptr) fail(file);
  const TiffLayout layout = tiff_layout(file);
  if (!layout.unsupported.empty()) {
    throw std::runtime_error("is a TIFF image with " + layout.unsupported + ", which is not supported");
  }
  file.forget_complaint();  // about tags that are not used
  if (layout.subsampled) return read_as_rgba(file, layout);
  if (layout.photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  return colored(file, layout, read_samples(file, layout));
}

}  // namespace lrfind::data
