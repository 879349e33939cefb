#include <data/image/decode.hpp>

#include "data/files.hpp"

#include <algorithm>
#include <cstdlib>

namespace lrfind::data {
namespace {

using test::encode;
using test::FileBytes;

cv::Mat rgb_of(const FileBytes& file) {
  cv::Mat rgb;
  cv::cvtColor(cv::imdecode(file, cv::IMREAD_COLOR), rgb, cv::COLOR_BGR2RGB);
  return rgb;
}

int largest_difference(const Image& image, const cv::Mat& wanted) {
  EXPECT_EQ(image.shape, (ImageShape{wanted.rows, wanted.cols, wanted.channels()}));
  int result = 0;
  const std::uint8_t* other = wanted.data;
  for (const std::uint8_t value : image.pixels) result = std::max(result, std::abs(value - *other++));
  return result;
}

TEST(DecodeJpeg, GivesThePixelsThatOpenCvGives) {
  for (const auto& [width, height] : {std::pair{64, 48}, {33, 57}, {1, 1}, {300, 8}}) {
    SCOPED_TRACE(width);
    const FileBytes jpeg = encode(".jpg", test::photo(width, height, 3));
    EXPECT_EQ(largest_difference(decode(jpeg).image, rgb_of(jpeg)), 0);
    EXPECT_EQ(largest_difference(decode(jpeg, {{height, width, 3}}).image, rgb_of(jpeg)), 0);
  }
}

TEST(DecodeJpeg, AveragesTheAreasThatOpenCvAverages) {
  const FileBytes jpeg = encode(".jpg", test::photo(211, 157, 4));
  const cv::Mat rgb = rgb_of(jpeg);
  cv::Mat stretched;
  cv::resize(rgb, stretched, {50, 40}, 0, 0, cv::INTER_AREA);
  EXPECT_LE(largest_difference(decode(jpeg, {{40, 50, 3}, Resize::stretch, false}).image, stretched), 2);

  cv::Mat cropped;  // the central 157 x 157
  cv::resize(rgb(cv::Rect(27, 0, 157, 157)), cropped, {40, 40}, 0, 0, cv::INTER_AREA);
  EXPECT_LE(largest_difference(decode(jpeg, {{40, 40, 3}, Resize::crop, false}).image, cropped), 2);

  cv::Mat padded = cv::Mat::zeros(40, 40, CV_8UC3);
  cv::Mat inner = padded(cv::Rect(0, 5, 40, 30));  // 157 * 40 / 211 = 29.8 rows
  cv::resize(rgb, inner, inner.size(), 0, 0, cv::INTER_AREA);
  EXPECT_LE(largest_difference(decode(jpeg, {{40, 40, 3}, Resize::pad, false}).image, padded), 2);

  cv::Mat enlarged;
  cv::resize(rgb, enlarged, {300, 200}, 0, 0, cv::INTER_LINEAR);
  EXPECT_LE(largest_difference(decode(jpeg, {{200, 300, 3}}).image, enlarged), 0);
}

TEST(DecodeJpeg, TurnsColourToGreyAsItIsStored) {
  const FileBytes jpeg = encode(".jpg", test::photo(90, 70, 5));
  EXPECT_EQ(largest_difference(decode(jpeg, {{70, 90, 1}}).image, cv::imdecode(jpeg, cv::IMREAD_GRAYSCALE)), 0);
}

// 257 pixels end one pixel after the 8 x 8 blocks of 1/8 scale do: a step of one eighth of a decoded pixel.
TEST(DecodeJpeg, ReducedScaleMovesNothing) {
  cv::Mat edge(257, 1025, CV_8UC3, cv::Scalar::all(20));
  edge(cv::Rect(0, 0, 512, 257)).setTo(cv::Scalar::all(220));
  const FileBytes jpeg = encode(".jpg", edge, {cv::IMWRITE_JPEG_QUALITY, 95});
  const Image reduced = decode(jpeg, {{16, 64, 3}}).image;
  const Image full = decode(jpeg, {{16, 64, 3}, Resize::stretch, false}).image;
  EXPECT_LE(largest_difference(reduced, cv::Mat(16, 64, CV_8UC3, const_cast<std::uint8_t*>(full.pixels.data()))), 2);
}

TEST(DecodeJpeg, ReadsProgressiveFiles) {
  const cv::Mat photo = test::photo(120, 90, 6);
  const FileBytes jpeg = encode(".jpg", photo, {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  EXPECT_EQ(largest_difference(decode(jpeg).image, rgb_of(jpeg)), 0);
}

// Every place and size at which a JPEG is decoded says the same of it.
std::string error_of(const FileBytes& jpeg) {
  const std::string error = decode(jpeg).error;
  EXPECT_EQ(decode(jpeg, {{8, 8, 3}}).error, error);
  EXPECT_EQ(decode(jpeg, {{16, 8, 1}, Resize::crop, false}).error, error);
  return error;
}

FileBytes before_marker(const FileBytes& jpeg, std::uint8_t marker, const FileBytes& extra) {
  const FileBytes pattern{0xFF, marker};
  const auto at = std::find_end(jpeg.begin(), jpeg.end(), pattern.begin(), pattern.end());
  FileBytes result(jpeg.begin(), at);
  result.insert(result.end(), extra.begin(), extra.end());
  result.insert(result.end(), at, jpeg.end());
  return result;
}

std::vector<FileBytes> sequential_and_progressive() {
  return {encode(".jpg", test::photo(120, 90, 6)),
          encode(".jpg", test::photo(120, 90, 6), {cv::IMWRITE_JPEG_PROGRESSIVE, 1}),
          encode(".jpg", test::photo(120, 90, 6), {cv::IMWRITE_JPEG_RST_INTERVAL, 3})};
}

TEST(DecodeJpeg, ReadsOverStrayBytesBeforeAMarker) {
  const FileBytes jpeg = encode(".jpg", test::photo(120, 90, 6));
  const FileBytes stray{0x12, 0x34, 0x00, 0x56};
  for (const std::uint8_t marker : FileBytes{0xDB, 0xC0, 0xC4, 0xDA, 0xD9}) {
    SCOPED_TRACE(int{marker});
    const FileBytes with_stray = before_marker(jpeg, marker, stray);
    EXPECT_EQ(error_of(with_stray), "");
    EXPECT_EQ(decode(with_stray).image.pixels, decode(jpeg).image.pixels);
  }
  EXPECT_EQ(error_of(before_marker(jpeg, 0xD9, FileBytes(300, 0))), "");
}

TEST(DecodeJpeg, NeedsNoEndMarkerWhenEveryPixelIsThere) {
  for (const FileBytes& jpeg : sequential_and_progressive()) {
    FileBytes open = test::first_part(jpeg, jpeg.size() - 2);
    EXPECT_EQ(error_of(open), "");
    EXPECT_EQ(decode(open).image.pixels, decode(jpeg).image.pixels);
    open.resize(open.size() + 600);
    EXPECT_EQ(error_of(open), "");
    EXPECT_EQ(decode(open).image.pixels, decode(jpeg).image.pixels);
  }
}

TEST(DecodeJpeg, RefusesDataThatEndEarlyHoweverTheyAreFilledUp) {
  for (const FileBytes& jpeg : sequential_and_progressive()) {
    for (const std::size_t missing : {8, 40, 400, 2000}) {
      SCOPED_TRACE(missing);
      const FileBytes cut = test::first_part(jpeg, jpeg.size() - missing);
      EXPECT_NE(error_of(cut).find("is cut off"), std::string::npos) << error_of(cut);
      FileBytes zeros = cut;
      zeros.resize(jpeg.size());
      EXPECT_NE(error_of(zeros), "");
      FileBytes ones = cut;
      ones.resize(jpeg.size(), 0xFF);
      EXPECT_NE(error_of(ones), "");
    }
  }
}

TEST(DecodeJpeg, RefusesDataThatAreDamagedInTheMiddle) {
  for (const FileBytes& jpeg : sequential_and_progressive()) {
    FileBytes hole = jpeg;
    hole.erase(hole.end() - 1500, hole.end() - 1000);
    EXPECT_EQ(error_of(hole).find("is damaged: "), 0U) << error_of(hole);
    FileBytes ended = test::first_part(jpeg, jpeg.size() - 1500);
    ended.push_back(0xFF), ended.push_back(0xD9);
    EXPECT_EQ(error_of(ended), "is damaged: premature end of data segment");
  }
}

TEST(DecodeJpeg, NamesTheKindsThatAreNotSupported) {
  FileBytes jpeg = encode(".jpg", test::photo(40, 30, 6));
  const FileBytes frame{0xFF, 0xC0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end()) - jpeg.begin();
  const auto with = [&](std::ptrdiff_t place, std::uint8_t value) {
    FileBytes other = jpeg;
    other[static_cast<std::size_t>(at + place)] = value;
    return decode(other).error;
  };
  EXPECT_EQ(with(1, 0xC3), "is a lossless JPEG image, which is not supported");
  EXPECT_EQ(with(4, 12), "is a JPEG image with 12 bits per sample, which is not supported");
  EXPECT_EQ(with(9, 2), "is a JPEG image with 2 components, which is not supported");
}

TEST(DecodeJpeg, TurnsAnOrientationOfTypeLongUpright) {
  const Decoded decoded = decode_file(std::string(LRFIND_TEST_FILES) + "/exif_orientation_long.jpg", {{100, 50, 3}});
  EXPECT_EQ(decoded.header.orientation, 6);
  FileBytes file(1382);
  std::ifstream(std::string(LRFIND_TEST_FILES) + "/exif_orientation_long.jpg", std::ios::binary)
      .read(reinterpret_cast<char*>(file.data()), 1382);
  EXPECT_EQ(decode(file).image.shape, (ImageShape{100, 50, 3}));
}

TEST(Decode, ShrinksImagesOfAnyHeight) {
  cv::Mat tall(140000, 2, CV_8UC1, cv::Scalar(30));
  tall.rowRange(70000, 140000).setTo(230);
  EXPECT_EQ(decode(encode(".png", tall), {{2, 1, 1}}).image.pixels, (FileBytes{30, 230}));
}

}  // namespace
}  // namespace lrfind::data
