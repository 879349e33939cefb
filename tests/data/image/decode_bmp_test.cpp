#include <data/image/decode.hpp>

#include "data/files.hpp"

namespace lrfind::data {
namespace {

using test::bytes_of;
using test::FileBytes;
using test::operator+;

FileBytes number(std::uint32_t value, unsigned bytes) {
  FileBytes result;
  for (unsigned i = 0; i < bytes; ++i)
    result.push_back(i < 4 ? static_cast<std::uint8_t>(value >> 8U * i) : std::uint8_t{0});
  return result;
}

constexpr std::uint32_t negative(std::uint32_t rows) { return 0U - rows; }

// BITMAPINFOHEADER, then what lies between it and the pixels.
FileBytes bmp_of(std::uint32_t width, std::uint32_t height, std::uint32_t bits, std::uint32_t compression,
                 const FileBytes& between, const FileBytes& pixels, std::uint32_t header_bytes = 40) {
  const auto offset = static_cast<std::uint32_t>(54 + between.size());
  const auto size = static_cast<std::uint32_t>(offset + pixels.size());
  return bytes_of("BM") + number(size, 4) + number(0, 4) + number(offset, 4) + number(header_bytes, 4) +
         number(width, 4) + number(height, 4) + number(1, 2) + number(bits, 2) + number(compression, 4) +
         number(0, 4 * 5) + between + pixels;
}

FileBytes masks(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
  return number(red, 4) + number(green, 4) + number(blue, 4);
}

FileBytes pixels_of(const FileBytes& bmp) {
  const Decoded decoded = decode(bmp);
  EXPECT_EQ(decoded.error, "");
  return decoded.image.pixels;
}

// Red, green, blue, black; the colours blue, green, red, unused in the file.
const FileBytes four_colors{0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0};
const FileBytes red{255, 0, 0};
const FileBytes green{0, 255, 0};
const FileBytes blue{0, 0, 255};
const FileBytes black{0, 0, 0};

FileBytes palette(std::size_t colors) {
  FileBytes result = four_colors;
  result.resize(4 * colors);
  return result;
}

TEST(DecodeBmp, FollowsTheMasks) {
  const FileBytes pixel = number(0x00112233, 4);
  EXPECT_EQ(pixels_of(bmp_of(1, 1, 32, 3, masks(0xFF0000, 0xFF00, 0xFF), pixel)), (FileBytes{0x11, 0x22, 0x33}));
  EXPECT_EQ(pixels_of(bmp_of(1, 1, 32, 3, masks(0xFF, 0xFF00, 0xFF0000), pixel)), (FileBytes{0x33, 0x22, 0x11}));
  // Ten bits per colour: 1023 is 255.
  EXPECT_EQ(pixels_of(bmp_of(1, 1, 32, 3, masks(0x3FF00000, 0xFFC00, 0x3FF), number(0x3FF00000 | 512 << 10, 4))),
            (FileBytes{255, 128, 0}));
}

TEST(DecodeBmp, BringsFiveAndSixBitsToAll256Values) {
  // 31 and 63 are white, 16 of 31 is 131.6, 32 of 63 is 129.5.
  const FileBytes two = number(0x7FFF, 2) + number(16 << 10 | 16 << 5 | 16, 2);
  EXPECT_EQ(pixels_of(bmp_of(2, 1, 16, 0, {}, two)), (FileBytes{255, 255, 255, 132, 132, 132}));
  const FileBytes wide = number(0xFFFF, 2) + number(16 << 11 | 32 << 5 | 16, 2);
  EXPECT_EQ(pixels_of(bmp_of(2, 1, 16, 3, masks(0xF800, 0x7E0, 0x1F), wide)),
            (FileBytes{255, 255, 255, 132, 130, 132}));
}

TEST(DecodeBmp, ReadsPalettesOfAnyDepthAndBothRowOrders) {
  const FileBytes upright = red + green + blue + black;
  const FileBytes flipped = blue + black + red + green;
  const FileBytes two_bits = FileBytes{0b00010000, 0, 0, 0, 0b10110000, 0, 0, 0};
  const FileBytes four_bits = FileBytes{0x01, 0, 0, 0, 0x23, 0, 0, 0};
  const FileBytes eight_bits = FileBytes{0, 1, 0, 0, 2, 3, 0, 0};
  EXPECT_EQ(pixels_of(bmp_of(2, negative(2), 2, 0, palette(4), two_bits)), upright);
  EXPECT_EQ(pixels_of(bmp_of(2, negative(2), 4, 0, palette(16), four_bits)), upright);
  EXPECT_EQ(pixels_of(bmp_of(2, negative(2), 8, 0, palette(256), eight_bits)), upright);
  EXPECT_EQ(pixels_of(bmp_of(2, 2, 8, 0, palette(256), eight_bits)), flipped);
  EXPECT_EQ(pixels_of(bmp_of(3, 1, 1, 0, palette(2), {0b01000000, 0, 0, 0})), red + green + red);
}

TEST(DecodeBmp, ReadsRuns) {
  // From the bottom: a run of two and a copy of three; a jump over two pixels, which are of colour 0; the end.
  const FileBytes eight{2, 1, 0, 3, 2, 1, 2, 0, 0, 0, 0, 2, 2, 0, 3, 1, 0, 1};
  const FileBytes top = red + red + green + green + green;
  EXPECT_EQ(pixels_of(bmp_of(5, 2, 8, 1, palette(256), eight)), top + green + green + blue + green + blue);
  // A run of 3 alternates; a copy of 3 takes two bytes.
  const FileBytes four{3, 0x12, 2, 0x11, 0, 0, 0, 3, 0x01, 0x20, 2, 0x11, 0, 1};
  EXPECT_EQ(pixels_of(bmp_of(5, 2, 4, 2, palette(16), four)),
            red + green + blue + green + green + green + blue + green + green + green);
  EXPECT_EQ(decode(bmp_of(5, 2, 8, 1, palette(256), {5, 1, 0, 0})).error, "is cut off: the BMP data end in row 1");
}

TEST(DecodeBmp, LaysAlphaOnWhite) {
  // BITMAPV3INFOHEADER: 56 bytes, the masks of red, green, blue and alpha its last 16.
  const FileBytes all = masks(0xFF0000, 0xFF00, 0xFF) + number(0xFF000000, 4);
  EXPECT_EQ(pixels_of(bmp_of(1, 1, 32, 3, all, number(0x80C80000, 4), 56)), (FileBytes{227, 127, 127}));
}

TEST(DecodeBmp, NamesWhatIsNotSupported) {
  EXPECT_EQ(decode(bmp_of(1, 1, 24, 4, {}, FileBytes(4))).error,
            "is a BMP image with 24 bits per pixel and compression 4, which is not supported");
}

}  // namespace
}  // namespace lrfind::data
