#include <data/image/pixel_readers.hpp>

#include <data/image/tiff_file.hpp>

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

// Samples of a row as libtiff gives them: words of this machine, or bits from the highest down.
void unpack(const std::uint8_t* row, unsigned bits, std::span<std::uint16_t> samples) {
  if (bits == 16) {
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

// One sample of each pixel of a row, `step` apart, through the table into every `places`th byte.
template <typename Sample>
void spread(const Sample* from, std::size_t step, const std::vector<std::uint8_t>& table, std::uint8_t* to, int places,
            std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i, from += step, to += places) *to = table[*from];
}

// The samples that matter, at 8 bits: colours in the file's order, but blue, green, red, then alpha.
class SampleReader {
 public:
  SampleReader(TiffFile& file, const TiffLayout& layout)
      : file_(file),
        layout_(layout),
        blocks_(blocks_of(file, layout)),
        separate_(layout.planar == PLANARCONFIG_SEPARATE && layout.samples > 1),
        used_(layout.colors + (layout.alpha >= 0 ? 1 : 0)),
        step_(separate_ ? 1 : layout.samples),
        image_(static_cast<int>(layout.height), static_cast<int>(layout.width), CV_8UC(used_)),
        block_(blocks_.bytes),
        samples_(layout.bits == 8 ? 0 : blocks_.width * step_) {}

  cv::Mat read() {
    for (int plane = 0; plane < (separate_ ? used_ : 1); ++plane) {
      for (std::uint32_t y = 0; y < layout_.height; y += blocks_.height) {
        for (std::uint32_t x = 0; x < layout_.width; x += blocks_.width) take_block(x, y, plane);
      }
    }
    return image_;
  }

 private:
  void take_block(std::uint32_t x, std::uint32_t y, int plane) {
    const std::uint32_t rows = std::min(blocks_.height, layout_.height - y);
    const std::uint32_t columns = std::min(blocks_.width, layout_.width - x);
    decode_block(x, y, static_cast<std::uint16_t>(plane), rows);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::uint8_t* from = block_.data() + row * blocks_.row_bytes;
      std::uint8_t* to = image_.ptr(static_cast<int>(y + row), static_cast<int>(x));
      if (layout_.bits != 8) unpack(from, layout_.bits, {samples_.data(), columns * step_});
      for (int sample = separate_ ? plane : 0; sample < (separate_ ? plane + 1 : used_); ++sample) {
        const auto& table = sample == layout_.alpha ? alpha_table_ : color_table_;
        const int offset = separate_ ? 0 : sample;
        if (layout_.bits == 8) {
          spread(from + offset, step_, table, to + place(sample), used_, columns);
        } else {
          spread(samples_.data() + offset, step_, table, to + place(sample), used_, columns);
        }
      }
    }
  }

  void decode_block(std::uint32_t x, std::uint32_t y, std::uint16_t plane, std::uint32_t rows) {
    TIFF* tiff = file_.get();
    const auto wanted = static_cast<tmsize_t>(blocks_.tiled ? blocks_.bytes : blocks_.row_bytes * rows);
    const tmsize_t got = blocks_.tiled
                             ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, plane), block_.data(), wanted)
                             : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, plane), block_.data(), wanted);
    if (got < wanted || !file_.complaint().empty()) fail(file_);
  }

  int place(int sample) const { return layout_.colors == 3 && sample < 3 ? 2 - sample : sample; }

  TiffFile& file_;
  const TiffLayout& layout_;
  Blocks blocks_;
  bool separate_;
  int used_;
  std::size_t step_;
  cv::Mat image_;
  std::vector<std::uint8_t> block_;
  std::vector<std::uint16_t> samples_;
  std::vector<std::uint8_t> color_table_ = eight_bits(layout_, true);
  std::vector<std::uint8_t> alpha_table_ = eight_bits(layout_, false);
};

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

// Palette and cyan-magenta-yellow-black become BGR; alpha follows.
cv::Mat colored(const TiffFile& file, const TiffLayout& layout, const cv::Mat& image) {
  const bool palette = layout.photometric == PHOTOMETRIC_PALETTE;
  if (!palette && layout.colors != 4) return image;
  const int alpha = layout.alpha >= 0 ? 1 : 0;
  const auto colors = palette ? palette_of(file, layout.bits) : std::array<std::vector<std::uint8_t>, 3>{};
  cv::Mat result(image.size(), CV_8UC(3 + alpha));
  for (int row = 0; row < image.rows; ++row) {
    const std::uint8_t* from = image.ptr(row);
    std::uint8_t* to = result.ptr(row);
    for (int column = 0; column < image.cols; ++column, from += layout.colors + alpha, to += 3 + alpha) {
      for (std::size_t c = 0; c < 3; ++c) {
        const unsigned value = palette ? colors[c][from[0]] : ((255U - from[c]) * (255U - from[3]) + 127U) / 255U;
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
  return colored(file, layout, SampleReader(file, layout).read());
}

}  // namespace lrfind::data
