#include <data/image/decode.hpp>

#include "data/files.hpp"

#include <array>
#include <cmath>

namespace lrfind::data {
namespace {

using test::bytes_of;
using test::encode;
using test::operator+;
using test::FileBytes;

using Pixel = std::array<int, 3>;

Pixel pixel(const Image& image, int row, int column) {
  const auto at = static_cast<std::size_t>((row * image.shape.width + column) * image.shape.channels);
  const auto* p = image.pixels.data() + at;
  return image.shape.channels == 1 ? Pixel{p[0], p[0], p[0]} : Pixel{p[0], p[1], p[2]};
}

Image decoded(const FileBytes& file, const ImageShape& shape, Resize resize = Resize::stretch) {
  Decoded result = decode(file, {shape, resize});
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.image.shape, shape);
  EXPECT_EQ(result.image.pixels.size(), shape.bytes());
  return result.image;
}

void expect_near(const Pixel& actual, const Pixel& wanted, int tolerance) {
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(actual[c], wanted[c], tolerance) << "channel " << c;
}

double rms(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::pow(double{1} * a.pixels[i] - b.pixels[i], 2);
  return std::sqrt(sum / static_cast<double>(a.pixels.size()));
}

Image from_mat(const cv::Mat& bgr) {
  cv::Mat rgb;
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return {{rgb.rows, rgb.cols, 3}, std::vector<std::uint8_t>(rgb.datastart, rgb.dataend)};
}

TEST(Decode, GivesRedGreenBlueInThatOrderForEveryFormat) {
  const cv::Mat image(16, 16, CV_8UC3, cv::Scalar(30, 120, 220));
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp", ".tiff", ".ppm"}) {
    SCOPED_TRACE(extension);
    expect_near(pixel(decoded(encode(extension, image), {16, 16, 3}), 8, 8), {220, 120, 30}, 3);
  }
}

TEST(Decode, TurnsColourToGreyAndGreyToColour) {
  // 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)
  const cv::Mat image(16, 16, CV_8UC3, cv::Scalar(30, 120, 220));
  for (const char* extension : {".jpg", ".png"}) {
    expect_near(pixel(decoded(encode(extension, image), {16, 16, 1}), 8, 8), {140, 140, 140}, 2);
  }
  const cv::Mat grey(16, 16, CV_8UC1, cv::Scalar(77));
  for (const char* extension : {".jpg", ".png", ".pgm", ".tiff", ".bmp"}) {
    SCOPED_TRACE(extension);
    expect_near(pixel(decoded(encode(extension, grey), {16, 16, 3}), 8, 8), {77, 77, 77}, 1);
    expect_near(pixel(decoded(encode(extension, grey), {16, 16, 1}), 8, 8), {77, 77, 77}, 1);
  }
}

TEST(Decode, LaysAlphaOnWhite) {
  cv::Mat image(8, 8, CV_8UC4, cv::Scalar(0, 0, 200, 255));
  image(cv::Rect(0, 0, 4, 8)).setTo(cv::Scalar(0, 0, 200, 0));
  image(cv::Rect(4, 4, 4, 4)).setTo(cv::Scalar(0, 0, 200, 128));
  for (const char* extension : {".png", ".webp", ".tiff"}) {
    SCOPED_TRACE(extension);
    const Image result =
        decoded(encode(extension, image,
                       extension == std::string(".webp") ? std::vector<int>{cv::IMWRITE_WEBP_QUALITY, 101}
                                                         : std::vector<int>{}),
                {8, 8, 3});
    expect_near(pixel(result, 2, 1), {255, 255, 255}, 0);
    expect_near(pixel(result, 2, 6), {200, 0, 0}, 0);
    expect_near(pixel(result, 6, 6), {227, 127, 127}, 1);
  }
}

TEST(Decode, IgnoresTheUnusedByteOf32BitBmp) {
  // 2 x 2, 32 bits, no compression, fourth byte 0 as most writers leave it.
  FileBytes bmp = bytes_of("BM");
  const auto number = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bmp.push_back(static_cast<std::uint8_t>(value >> 8U * static_cast<unsigned>(i)));
  };
  number(54 + 16, 4), number(0, 4), number(54, 4), number(40, 4), number(2, 4), number(2, 4), number(1, 2),
      number(32, 2);
  number(0, 4), number(16, 4), number(0, 4), number(0, 4), number(0, 4), number(0, 4);
  for (int i = 0; i < 4; ++i) number(0x00102030, 4);
  expect_near(pixel(decoded(bmp, {2, 2, 3}), 0, 0), {0x10, 0x20, 0x30}, 0);
}

TEST(Decode, ScalesSixteenBitsToEight) {
  const cv::Mat image(8, 8, CV_16UC3, cv::Scalar(257 * 10, 257 * 20 + 100, 257 * 200));
  for (const char* extension : {".png", ".tiff", ".ppm"}) {
    SCOPED_TRACE(extension);
    expect_near(pixel(decoded(encode(extension, image), {8, 8, 3}), 4, 4), {200, 20, 10}, 0);
  }
  const cv::Mat grey(8, 8, CV_16UC1, cv::Scalar(257 * 99));
  expect_near(pixel(decoded(encode(".png", grey), {8, 8, 1}), 4, 4), {99, 99, 99}, 0);
}

TEST(Decode, ScalesTheWhiteOfPnm) {
  FileBytes four_bits = bytes_of("P5\n# a comment\n2 2\n15\n") + FileBytes{0, 15, 3, 15};
  const Image small = decoded(four_bits, {2, 2, 1});
  EXPECT_EQ(small.pixels, (FileBytes{0, 255, 51, 255}));
  FileBytes ten_bits = bytes_of("P5 2 1 1023\n") + FileBytes{0x03, 0xFF, 0x00, 0x00};
  EXPECT_EQ(decoded(ten_bits, {1, 2, 1}).pixels, (FileBytes{255, 0}));
  EXPECT_EQ(decoded(bytes_of("P2 2 1 255\n 17 200\n"), {1, 2, 1}).pixels, (FileBytes{17, 200}));
  EXPECT_EQ(decoded(bytes_of("P1 2 1\n 1 0\n"), {1, 2, 1}).pixels, (FileBytes{0, 255}));
  EXPECT_EQ(decoded(bytes_of("P5 2 1 1\n") + FileBytes{0, 1}, {1, 2, 1}).pixels, (FileBytes{0, 255}));
  EXPECT_EQ(decoded(bytes_of("P2 3 1 15\n 0 3 15"), {1, 3, 1}).pixels, (FileBytes{0, 51, 255}));
}

TEST(Decode, ReadsPnmAsText) {
  EXPECT_EQ(decoded(bytes_of("P3\n# size\n2 1\n1000\n1000 0 200\n# more\n400 600 0"), {1, 2, 3}).pixels,
            (FileBytes{255, 0, 51, 102, 153, 0}));
  EXPECT_EQ(decoded(bytes_of("P1\n3 2\n010\n101\n"), {2, 3, 1}).pixels, (FileBytes{255, 0, 255, 0, 255, 0}));
  EXPECT_EQ(decode(bytes_of("P2 3 1 15\n 0 10        ")).error, "is cut off: the PNM data end early");
  EXPECT_EQ(decode(bytes_of("P2 3 1 15\n 0 16 3")).error, "is damaged: the PNM data hold a value above 15");
}

// Stored chunks with the CRC of the PNG specification, annex D.
FileBytes chunk(const std::string& type, const FileBytes& payload) {
  const auto word = [](std::uint32_t value) {
    return FileBytes{static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
                     static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
  };
  const FileBytes body = bytes_of(type) + payload;
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : body) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? 0xEDB88320U ^ crc >> 1U : crc >> 1U;
  }
  return word(static_cast<std::uint32_t>(payload.size())) + body + word(~crc);
}

// Rows as they lie in the file, filter bytes included, in one stored deflate block.
FileBytes png_of(int width, int height, int bits, int color, const FileBytes& extra_chunks, const FileBytes& rows) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const std::uint8_t byte : rows) a = (a + byte) % 65521, b = (b + a) % 65521;
  const auto length = static_cast<std::uint16_t>(rows.size());
  const FileBytes head{0x78,
                       0x01,
                       0x01,
                       static_cast<std::uint8_t>(length),
                       static_cast<std::uint8_t>(length >> 8U),
                       static_cast<std::uint8_t>(~length),
                       static_cast<std::uint8_t>(~length >> 8U)};
  const FileBytes tail{static_cast<std::uint8_t>(b >> 8U), static_cast<std::uint8_t>(b),
                       static_cast<std::uint8_t>(a >> 8U), static_cast<std::uint8_t>(a)};
  const FileBytes header{0,
                         0,
                         0,
                         static_cast<std::uint8_t>(width),
                         0,
                         0,
                         0,
                         static_cast<std::uint8_t>(height),
                         static_cast<std::uint8_t>(bits),
                         static_cast<std::uint8_t>(color),
                         0,
                         0,
                         0};
  return bytes_of("\x89PNG\r\n\x1A\n") + chunk("IHDR", header) + extra_chunks + chunk("IDAT", head + rows + tail) +
         chunk("IEND", {});
}

TEST(Decode, ReadsPalettePng) {
  const FileBytes palette = chunk("PLTE", {255, 0, 0, 0, 255, 0, 0, 0, 255});
  const Image image = decoded(png_of(3, 1, 8, 3, palette, {0, 2, 0, 1}), {1, 3, 3});
  EXPECT_EQ(image.pixels, (FileBytes{0, 0, 255, 255, 0, 0, 0, 255, 0}));
  const Image two_bits = decoded(png_of(3, 1, 2, 3, palette, {0, 0b10000100}), {1, 3, 3});
  EXPECT_EQ(two_bits.pixels, (FileBytes{0, 0, 255, 255, 0, 0, 0, 255, 0}));
}

TEST(Decode, LaysPaletteTransparencyOnWhite) {
  const FileBytes chunks = chunk("PLTE", {255, 0, 0, 0, 255, 0}) + chunk("tRNS", {0});
  EXPECT_EQ(decoded(png_of(2, 1, 8, 3, chunks, {0, 0, 1}), {1, 2, 3}).pixels, (FileBytes{255, 255, 255, 0, 255, 0}));
}

TEST(Decode, LaysGreyAlphaOnWhite) {
  EXPECT_EQ(decoded(png_of(2, 1, 8, 4, {}, {0, 40, 255, 40, 0}), {1, 2, 1}).pixels, (FileBytes{40, 255}));
}

TEST(Decode, ReadsOneBitPng) {
  EXPECT_EQ(decoded(png_of(3, 1, 1, 0, {}, {0, 0b10100000}), {1, 3, 1}).pixels, (FileBytes{255, 0, 255}));
}

// Corners of an image that is red, green, blue and white in reading order, as 24 x 16 pixels.
cv::Mat corners() {
  cv::Mat image(16, 24, CV_8UC3);
  image(cv::Rect(0, 0, 12, 8)).setTo(cv::Scalar(0, 0, 255));
  image(cv::Rect(12, 0, 12, 8)).setTo(cv::Scalar(0, 255, 0));
  image(cv::Rect(0, 8, 12, 8)).setTo(cv::Scalar(255, 0, 0));
  image(cv::Rect(12, 8, 12, 8)).setTo(cv::Scalar(255, 255, 255));
  return image;
}

char color_at(const Image& image, bool bottom, bool right) {
  const auto [r, g, b] = pixel(image, bottom ? image.shape.height - 3 : 2, right ? image.shape.width - 3 : 2);
  if (r > 200 && g > 200 && b > 200) return 'W';
  return r > g && r > b ? 'R' : g > b ? 'G' : 'B';
}

std::string corner_colors(const Image& image) {
  return {color_at(image, false, false), color_at(image, false, true), color_at(image, true, false),
          color_at(image, true, true)};
}

TEST(Decode, HonoursExifOrientation) {
  // What the stored RG/BW becomes upright: EXIF says where row 0 and column 0 belong.
  const std::array<const char*, 9> upright{"", "RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};
  const FileBytes jpeg = encode(".jpg", corners(), {cv::IMWRITE_JPEG_QUALITY, 95});
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const FileBytes file = test::with_exif(jpeg, test::exif_block(orientation, orientation % 2 == 0));
    EXPECT_EQ(corner_colors(decoded(file, {20, 20, 3})), upright[static_cast<std::size_t>(orientation)]);
    const Decoded whole = decode(file);
    EXPECT_EQ(whole.image.shape.width, orientation >= 5 ? 16 : 24);
    EXPECT_EQ(corner_colors(whole.image), upright[static_cast<std::size_t>(orientation)]);
  }
}

TEST(Decode, HonoursOrientationOfPng) {
  const FileBytes png = encode(".png", corners());
  const FileBytes turned =
      test::first_part(png, 33) + chunk("eXIf", test::exif_block(6, true)) + FileBytes(png.begin() + 33, png.end());
  EXPECT_EQ(corner_colors(decoded(turned, {24, 16, 3})), "BRWG");
}

// An uncompressed little-endian TIFF of 8-bit samples; extra: the ExtraSamples tag (0: none, 1 or 2: alpha that the
// colours are or are not multiplied with).
FileBytes tiff_of(const cv::Mat& rgb, int orientation, int extra) {
  FileBytes file = bytes_of("II");
  const auto number = [&](std::uint32_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) file.push_back(static_cast<std::uint8_t>(value >> 8U * i));
  };
  const auto samples = static_cast<std::uint32_t>(rgb.channels());
  const auto pixel_bytes = static_cast<std::uint32_t>(rgb.total()) * samples;
  number(42, 2), number(8 + 8 + pixel_bytes, 4);
  for (int i = 0; i < 4; ++i) number(8, 2);  // bits per sample, at byte 8
  file.insert(file.end(), rgb.datastart, rgb.dataend);
  struct Tag {
    std::uint32_t tag, type, count, value;
  };
  std::vector<Tag> tags{{256, 3, 1, static_cast<std::uint32_t>(rgb.cols)},
                        {257, 3, 1, static_cast<std::uint32_t>(rgb.rows)},
                        {258, 3, samples, 8},
                        {259, 3, 1, 1},
                        {262, 3, 1, 2},
                        {273, 4, 1, 16},
                        {274, 3, 1, static_cast<std::uint32_t>(orientation)},
                        {277, 3, 1, samples},
                        {278, 3, 1, static_cast<std::uint32_t>(rgb.rows)},
                        {279, 4, 1, pixel_bytes}};
  if (extra != 0) tags.push_back({338, 3, 1, static_cast<std::uint32_t>(extra)});
  number(static_cast<std::uint32_t>(tags.size()), 2);
  for (const Tag& tag : tags) number(tag.tag, 2), number(tag.type, 2), number(tag.count, 4), number(tag.value, 4);
  number(0, 4);
  return file;
}

TEST(Decode, HonoursOrientationOfTiff) {
  cv::Mat rgb;
  cv::cvtColor(corners(), rgb, cv::COLOR_BGR2RGB);
  const std::array<const char*, 9> upright{"", "RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const FileBytes file = tiff_of(rgb, orientation, 0);
    EXPECT_EQ(corner_colors(decoded(file, {20, 20, 3})), upright[static_cast<std::size_t>(orientation)]);
    EXPECT_EQ(decode(file).image.shape.width, orientation >= 5 ? 16 : 24);
  }
}

TEST(Decode, LaysEitherKindOfTiffAlphaOnWhite) {
  // Red 200 at alpha 128 is 200 * 128/255 + 255 * 127/255 = 227 on white.
  const Image plain = decoded(tiff_of(cv::Mat(4, 4, CV_8UC4, cv::Scalar(200, 0, 0, 128)), 1, 2), {4, 4, 3});
  expect_near(pixel(plain, 1, 1), {227, 127, 127}, 1);
  const Image multiplied = decoded(tiff_of(cv::Mat(4, 4, CV_8UC4, cv::Scalar(100, 0, 0, 128)), 1, 1), {4, 4, 3});
  expect_near(pixel(multiplied, 1, 1), {227, 127, 127}, 1);
}

TEST(Decode, StretchesCropsOrPads) {
  // 40 x 20: left and right quarters red, the central half blue.
  cv::Mat wide(20, 40, CV_8UC3, cv::Scalar(255, 0, 0));
  wide(cv::Rect(0, 0, 10, 20)).setTo(cv::Scalar(0, 0, 255));
  wide(cv::Rect(30, 0, 10, 20)).setTo(cv::Scalar(0, 0, 255));
  const FileBytes png = encode(".png", wide);
  const Pixel red{255, 0, 0}, blue{0, 0, 255}, black{0, 0, 0};

  const Image stretched = decoded(png, {8, 8, 3}, Resize::stretch);
  expect_near(pixel(stretched, 4, 0), red, 0);
  expect_near(pixel(stretched, 4, 4), blue, 0);
  const Image cropped = decoded(png, {8, 8, 3}, Resize::crop);
  for (const int column : {0, 7}) expect_near(pixel(cropped, 4, column), blue, 0);
  const Image padded = decoded(png, {8, 8, 3}, Resize::pad);
  expect_near(pixel(padded, 1, 4), black, 0);
  expect_near(pixel(padded, 6, 4), black, 0);
  expect_near(pixel(padded, 2, 0), red, 0);
  expect_near(pixel(padded, 5, 4), blue, 0);
}

TEST(Decode, AveragesAreasWhenItShrinks) {
  cv::Mat image(4, 4, CV_8UC1, cv::Scalar(0));
  image.at<std::uint8_t>(0, 0) = 200;
  image.at<std::uint8_t>(3, 3) = 100;
  EXPECT_EQ(decoded(encode(".png", image), {2, 2, 1}).pixels, (FileBytes{50, 0, 0, 25}));
}

TEST(Decode, ResizesAxesApartWhenOneGrowsAndOneShrinks) {
  cv::Mat image(2, 8, CV_8UC1);
  for (int column = 0; column < 8; ++column) image.col(column).setTo(column % 2 == 0 ? 0 : 200);
  for (const std::uint8_t value : decoded(encode(".png", image), {6, 4, 1}).pixels) EXPECT_EQ(value, 100);
}

TEST(Decode, ReadsCmykJpeg) {
  // Made by ImageMagick: convert -size 16x16 xc:'cmyk(0,255,255,0)' -colorspace CMYK red.jpg
  const Decoded result = decode_file(std::string(LRFIND_TEST_FILES) + "/cmyk-red.jpg", {{8, 8, 3}});
  ASSERT_EQ(result.error, "");
  EXPECT_EQ(result.header.channels, 4);
  const auto [r, g, b] = pixel(result.image, 4, 4);
  EXPECT_GT(r, 200);
  EXPECT_LT(g, 60);
  EXPECT_LT(b, 60);
}

// Resampling by the triangle filter over two result pixels, what torchvision and Pillow call antialiased bilinear:
// rows of the matrix are the weights of one axis.
cv::Mat triangle_weights(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  cv::Mat weights = cv::Mat::zeros(to, from, CV_32F);
  for (int j = 0; j < to; ++j) {
    for (int i = 0; i < from; ++i) {
      weights.at<float>(j, i) = static_cast<float>(std::max(0.0, 1 - std::abs(i + 0.5 - (j + 0.5) * scale) / scale));
    }
    weights.row(j) /= cv::sum(weights.row(j))[0];
  }
  return weights;
}

cv::Mat resampled_by_triangle(const cv::Mat& image, int size) {
  cv::Mat real;
  image.convertTo(real, CV_32F);
  std::vector<cv::Mat> channels;
  cv::split(real, channels);
  for (cv::Mat& channel : channels) {
    channel = cv::Mat(triangle_weights(image.rows, size) * channel * triangle_weights(image.cols, size).t());
  }
  cv::Mat result;
  cv::merge(channels, result);
  result.convertTo(result, CV_8U);
  return result;
}

TEST(Decode, ReducedScaleDiffersLessThanGoodFiltersDo) {
  int reduced_images = 0;
  for (const auto& [width, height] :
       {std::pair{600, 450}, {500, 375}, {375, 500}, {301, 407}, {333, 500}, {1100, 800}, {130, 140}, {260, 256}}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const FileBytes jpeg = encode(".jpg", test::photo(width, height, seed), {cv::IMWRITE_JPEG_QUALITY, 90});
      const Image reduced = decode(jpeg, {{64, 64, 3}}).image;
      const Image full = decode(jpeg, {{64, 64, 3}, Resize::stretch, false}).image;
      const double by_scale = rms(reduced, full);
      const double by_filter = rms(from_mat(resampled_by_triangle(cv::imdecode(jpeg, cv::IMREAD_COLOR), 64)), full);
      EXPECT_LT(by_scale, by_filter) << width << " x " << height;
      if (reduced.pixels != full.pixels) ++reduced_images;
    }
  }
  EXPECT_GE(reduced_images, 15);  // otherwise nothing was compared
}

TEST(Decode, NeverThrowsOnDamagedFiles) {
  cv::RNG random(8);
  int refused = 0;
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp", ".tiff", ".ppm"}) {
    const FileBytes whole = encode(extension, test::photo(60, 44, 1));
    for (int i = 0; i < 150; ++i) {
      FileBytes damaged = whole;
      for (int n = 0; n < 8; ++n) {
        damaged[static_cast<std::size_t>(random.uniform(0, static_cast<int>(whole.size())))] =
            static_cast<std::uint8_t>(random.uniform(0, 256));
      }
      const Decoded result = decode(damaged, {{16, 16, 3}});
      if (result.ok()) {
        EXPECT_EQ(result.image.pixels.size(), 16U * 16U * 3U);
      } else {
        ++refused;
        EXPECT_TRUE(result.image.pixels.empty());
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Decode, SaysWhyAFileCannotBeRead) {
  const test::TempFolder folder;
  const DecodeOptions options{{8, 8, 3}};
  EXPECT_EQ(decode_file(folder / "none.png", options).error, "cannot be opened (No such file or directory)");
  EXPECT_EQ(decode_file(folder.path(), options).error, "is a folder");
  EXPECT_EQ(decode_file(folder.write("empty.png", FileBytes{}), options).error, "is empty (0 bytes)");
  FileBytes damaged = test::plain_png(30, 30, 1, 2, 3);
  damaged[45] ^= 0xFFU;  // inside the compressed data, which has a checksum
  EXPECT_EQ(decode_file(folder.write("damaged.png", damaged), options).error.find("is damaged: IDAT: "), 0U);
}

TEST(Resize, KnowsItsNames) {
  EXPECT_EQ(parse_resize("crop"), Resize::crop);
  EXPECT_THROW(parse_resize("squash"), std::invalid_argument);
}

TEST(Decode, LargePngsGiveRowByRowWhatTheyGiveWhole) {
  for (const int type : {CV_8UC1, CV_8UC4}) {
    cv::Mat image(4120, 4110, type);  // more pixels than are decoded whole
    cv::randu(image, 0, 256);
    const FileBytes file = encode(".png", image);
    const Decoded whole = decode(file);
    ASSERT_EQ(whole.error, "");
    for (const Resize how : {Resize::stretch, Resize::crop, Resize::pad}) {
      const ImageShape shape{33, 57, whole.image.shape.channels};
      const Decoded rows = decode(file, {shape, how});
      ASSERT_EQ(rows.error, "");
      EXPECT_EQ(rows.image.pixels, resize(whole.image.pixels.data(), whole.image.shape, shape, how).pixels);
    }
  }
}

}  // namespace
}  // namespace lrfind::data
