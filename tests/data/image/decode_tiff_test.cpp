#include <data/image/decode.hpp>

#include "data/files.hpp"

#include <tiffio.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <numeric>

namespace lrfind::data {
namespace {

using test::FileBytes;

constexpr int width = 37;
constexpr int height = 21;

// Red, green, blue and alpha of a pixel, 0 to 1: each another ramp.
double value_of(int row, int column, int channel) {
  const double x = static_cast<double>(column) / (width - 1);
  const double y = static_cast<double>(row) / (height - 1);
  return std::array<double, 4>{x, y, (x + 1 - y) / 2, (1 + x) / 2}[static_cast<std::size_t>(channel)];
}

struct Kind {
  int bits = 8;
  int samples = 1;
  int photometric = PHOTOMETRIC_MINISBLACK;
  int planar = PLANARCONFIG_CONTIG;
  int compression = COMPRESSION_NONE;
  int extra = -1;  // ExtraSamples; -1: none
  int tile = 0;    // its side; 0: strips
  int format = SAMPLEFORMAT_UINT;
  const char* mode = "w";
  std::vector<std::pair<int, int>> tags = {};
};

// What libtiff writes from the ramps; `stored` turns a sample's place into its value of `bits` bits.
FileBytes written(const Kind& kind, const std::function<unsigned(int row, int column, int sample)>& stored) {
  const test::TempFolder folder;
  const std::string path = folder / "x.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), kind.mode);
  const auto set = [&](std::uint32_t tag, int value) { ASSERT_EQ(TIFFSetField(tiff, tag, value), 1); };
  set(TIFFTAG_IMAGEWIDTH, width), set(TIFFTAG_IMAGELENGTH, height), set(TIFFTAG_BITSPERSAMPLE, kind.bits);
  set(TIFFTAG_SAMPLESPERPIXEL, kind.samples), set(TIFFTAG_PHOTOMETRIC, kind.photometric);
  set(TIFFTAG_PLANARCONFIG, kind.planar), set(TIFFTAG_COMPRESSION, kind.compression);
  set(TIFFTAG_SAMPLEFORMAT, kind.format);
  if (kind.tile > 0) {
    set(TIFFTAG_TILEWIDTH, kind.tile), set(TIFFTAG_TILELENGTH, kind.tile);
  } else {
    set(TIFFTAG_ROWSPERSTRIP, 16);  // libtiff writes JPEG in no others
  }
  if (kind.photometric == PHOTOMETRIC_YCBCR && kind.compression == COMPRESSION_NONE) {
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
  }
  const auto extra = static_cast<std::uint16_t>(kind.extra);
  if (kind.extra >= 0) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &extra);
  for (const auto& [tag, value] : kind.tags) set(static_cast<std::uint32_t>(tag), value);
  if (kind.photometric == PHOTOMETRIC_PALETTE) {
    // Index i is red i/n, green 1 - i/n, blue 1/2.
    std::array<std::vector<std::uint16_t>, 3> map;
    const int last = (1 << kind.bits) - 1;
    for (int i = 0; i <= last; ++i) {
      map[0].push_back(static_cast<std::uint16_t>(65535 * i / last));
      map[1].push_back(static_cast<std::uint16_t>(65535 - 65535 * i / last));
      map[2].push_back(32768);
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data());
  }
  const bool separate = kind.planar == PLANARCONFIG_SEPARATE;
  const int in_row = separate ? 1 : kind.samples;
  const int block_width = kind.tile > 0 ? kind.tile : width;
  const int block_height = kind.tile > 0 ? kind.tile : 1;
  for (int plane = 0; plane < (separate ? kind.samples : 1); ++plane) {
    for (int y = 0; y < height; y += block_height) {
      for (int x = 0; x < width; x += block_width) {
        FileBytes block;
        for (int row = y; row < y + block_height; ++row) {
          unsigned held = 0;
          int count = 0;
          for (int i = 0; i < block_width * in_row; ++i) {
            const unsigned value =
                stored(std::min(row, height - 1), std::min(x + i / in_row, width - 1), separate ? plane : i % in_row);
            if (kind.bits == 16) {
              block.push_back(static_cast<std::uint8_t>(value)),
                  block.push_back(static_cast<std::uint8_t>(value >> 8U));
              continue;
            }
            held = held << static_cast<unsigned>(kind.bits) | value;
            for (count += kind.bits; count >= 8; count -= 8) {
              block.push_back(static_cast<std::uint8_t>(held >> static_cast<unsigned>(count - 8)));
            }
          }
          if (count > 0) block.push_back(static_cast<std::uint8_t>(held << static_cast<unsigned>(8 - count)));
        }
        const auto sample = static_cast<std::uint16_t>(plane);
        if (kind.tile > 0) {
          TIFFWriteTile(tiff, block.data(), static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), 0, sample);
        } else {
          TIFFWriteScanline(tiff, block.data(), static_cast<std::uint32_t>(y), sample);
        }
      }
    }
  }
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

unsigned scaled(double value, int bits) { return static_cast<unsigned>(std::lround(value * ((1 << bits) - 1))); }

// Grey is the red ramp.
FileBytes ramps(const Kind& kind) {
  const bool inverted = kind.photometric == PHOTOMETRIC_MINISWHITE;
  return written(kind, [&](int row, int column, int sample) {
    const double value = value_of(row, column, kind.samples == 2 && sample == 1 ? 3 : sample);
    return scaled(inverted && sample == 0 ? 1 - value : value, kind.bits);
  });
}

using Wanted = std::function<double(int row, int column, int channel)>;

void expect_pixels(const FileBytes& file, double tolerance, const Wanted& wanted) {
  const Decoded decoded = decode(file);
  ASSERT_EQ(decoded.error, "");
  ASSERT_EQ(decoded.image.shape.width, width);
  ASSERT_EQ(decoded.image.shape.height, height);
  const int channels = decoded.image.shape.channels;
  double worst = 0;
  for (int i = 0; i < width * height * channels; ++i) {
    const double value = wanted(i / channels / width, i / channels % width, i % channels);
    worst = std::max(worst, std::abs(decoded.image.pixels[static_cast<std::size_t>(i)] - 255 * value));
  }
  EXPECT_LE(worst, tolerance);
}

// Half a step of the file's samples and half a step of ours.
double half_steps(int bits) { return 0.501 + 127.5 / ((1 << bits) - 1); }

TEST(DecodeTiff, ReadsGreyOfAnyDepthWithEitherWhite) {
  for (const int bits : {1, 2, 4, 8, 10, 12, 16}) {
    for (const int photometric : {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE}) {
      SCOPED_TRACE(std::to_string(bits) + " bits, photometric " + std::to_string(photometric));
      expect_pixels(ramps({.bits = bits, .photometric = photometric}), half_steps(bits), value_of);
    }
  }
}

TEST(DecodeTiff, ReadsColoursTogetherOrPlanesApart) {
  for (const int bits : {4, 8, 16}) {
    for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
      for (const int tile : {0, 16}) {
        for (const char* mode : {"wl", "wb", "w8"}) {
          SCOPED_TRACE(std::to_string(bits) + " bits, planar " + std::to_string(planar) + ", tile " +
                       std::to_string(tile) + ", " + mode);
          const Kind kind{
              .bits = bits, .samples = 3, .photometric = PHOTOMETRIC_RGB, .planar = planar, .tile = tile, .mode = mode};
          expect_pixels(ramps(kind), half_steps(bits), value_of);
        }
      }
    }
  }
}

TEST(DecodeTiff, ReadsCompressedFiles) {
  for (const int compression : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
      expect_pixels(ramps({.samples = 3, .photometric = PHOTOMETRIC_RGB, .planar = planar, .compression = compression}),
                    0.501, value_of);
    }
  }
  for (const int compression : {COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_CCITTRLE}) {
    expect_pixels(ramps({.bits = 1, .photometric = PHOTOMETRIC_MINISWHITE, .compression = compression}), half_steps(1),
                  value_of);
  }
  expect_pixels(ramps({.samples = 3, .photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_JPEG}), 12, value_of);
  const Kind ycbcr{.samples = 3,
                   .photometric = PHOTOMETRIC_YCBCR,
                   .compression = COMPRESSION_JPEG,
                   .tags = {{TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB}}};
  expect_pixels(ramps(ycbcr), 20, value_of);
}

TEST(DecodeTiff, ReadsPalettes) {
  for (const int bits : {1, 4, 8}) {
    SCOPED_TRACE(bits);
    expect_pixels(ramps({.bits = bits, .photometric = PHOTOMETRIC_PALETTE}), half_steps(bits) + 0.5,
                  [](int row, int column, int channel) {
                    const double index = value_of(row, column, 0);
                    return channel == 0 ? index : channel == 1 ? 1 - index : 0.5;
                  });
  }
}

TEST(DecodeTiff, ReadsCmyk) {
  for (const int bits : {8, 16}) {
    expect_pixels(ramps({.bits = bits, .samples = 4, .photometric = PHOTOMETRIC_SEPARATED}), 1.5,
                  [](int row, int column, int channel) {
                    return (1 - value_of(row, column, channel)) * (1 - value_of(row, column, 3));
                  });
  }
}

// BT.601 as in JFIF: R = Y + 1.402 (Cr - 1/2), B = Y + 1.772 (Cb - 1/2), G = Y - 0.344 (Cb - 1/2) - 0.714 (Cr - 1/2).
TEST(DecodeTiff, ReadsYCbCrThatIsNotJpeg) {
  const FileBytes file = written({.samples = 3, .photometric = PHOTOMETRIC_YCBCR}, [](int row, int column, int sample) {
    return sample == 0 ? scaled(0.3 + 0.4 * value_of(row, column, 0), 8) : sample == 1 ? 128U - 26U : 128U + 26U;
  });
  expect_pixels(file, 2, [](int row, int column, int channel) {
    const double luma = 0.3 + 0.4 * value_of(row, column, 0);
    return luma + 26.0 / 255 * std::array<double, 3>{1.402, 0.344 - 0.714, -1.772}[static_cast<std::size_t>(channel)];
  });
}

TEST(DecodeTiff, LaysAlphaOnWhiteAndIgnoresOtherSamples) {
  const Wanted on_white = [](int row, int column, int channel) {
    const double alpha = value_of(row, column, 3);
    return value_of(row, column, channel) * alpha + 1 - alpha;
  };
  for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
    Kind kind{.samples = 4, .photometric = PHOTOMETRIC_RGB, .planar = planar, .extra = EXTRASAMPLE_UNASSALPHA};
    expect_pixels(ramps(kind), 1.5, on_white);
    kind.bits = 16;
    expect_pixels(ramps(kind), 1.5, on_white);
    kind.extra = EXTRASAMPLE_UNSPECIFIED;
    expect_pixels(ramps(kind), 0.501, value_of);
  }
  expect_pixels(ramps({.samples = 2, .extra = EXTRASAMPLE_UNASSALPHA}), 1.5,
                [&](int row, int column, int /*channel*/) { return on_white(row, column, 0); });
}

TEST(DecodeTiff, NamesWhatIsNotSupported) {
  EXPECT_EQ(decode(ramps({.bits = 16, .format = SAMPLEFORMAT_IEEEFP})).error,
            "is a TIFF image with 16-bit floating-point samples, which is not supported");
  EXPECT_EQ(decode(ramps({.format = SAMPLEFORMAT_INT})).error,
            "is a TIFF image with 8-bit signed integer samples, which is not supported");
  EXPECT_EQ(decode(ramps({.samples = 3, .photometric = PHOTOMETRIC_CIELAB})).error,
            "is a TIFF image with CIE L*a*b* colours, which is not supported");
  EXPECT_EQ(decode(ramps({.samples = 3})).error, "is a TIFF image with 3 samples per pixel, which is not supported");
}

TEST(DecodeTiff, SaysWhatIsDamaged) {
  FileBytes file = ramps({.bits = 16, .samples = 3, .photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_LZW});
  for (std::size_t i = 200; i < 240; ++i) file[i] = static_cast<std::uint8_t>(i * 37);
  EXPECT_EQ(decode(file).error.find("is damaged: "), 0U) << decode(file).error;
}

// Made by common writers; the means are those of the images that they were made from.
TEST(DecodeTiff, ReadsFilesFromElsewhere) {
  const auto mean = [](const char* name) {
    const Decoded decoded = decode_file(std::string(LRFIND_TEST_FILES) + "/" + name, {{100, 100, 3}});
    EXPECT_EQ(decoded.error, "") << name;
    std::array<double, 3> sum{};
    for (std::size_t i = 0; i < decoded.image.pixels.size(); ++i) sum[i % 3] += decoded.image.pixels[i];
    for (double& value : sum) value /= 10000;
    return sum;
  };
  for (const char* name : {"planar16.tif", "extraneous_db.jpg", "no_eoi_zeropad.jpg"}) {
    const auto [red, green, blue] = mean(name);
    EXPECT_NEAR(red, 176.3, 0.1) << name;
    EXPECT_NEAR(green, 168.4, 0.1) << name;
    EXPECT_NEAR(blue, 164.4, 0.1) << name;
  }
  EXPECT_NEAR(mean("grey4.tif")[0], 161.7, 0.1);
}

}  // namespace
}  // namespace lrfind::data
