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

TEST(Decode, ShrinksImagesOfAnyHeight) {
  cv::Mat tall(140000, 2, CV_8UC1, cv::Scalar(30));
  tall.rowRange(70000, 140000).setTo(230);
  EXPECT_EQ(decode(encode(".png", tall), {{2, 1, 1}}).image.pixels, (FileBytes{30, 230}));
}

}  // namespace
}  // namespace lrfind::data
