#include <data/image/area_average.hpp>

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include <algorithm>
#include <cmath>

namespace lrfind::data {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes averaged(const cv::Mat& image, const AxisPart& across, const AxisPart& down) {
  const auto row_bytes = static_cast<std::size_t>(across.to * image.channels());
  Bytes result(row_bytes * static_cast<std::size_t>(down.to));
  AreaAverage average(across, down, image.channels(), result.data(), row_bytes);
  for (int row = 0; row < image.rows; ++row) average.add(image.ptr(row));
  return result;
}

// How much of source pixel i lies in part j of an axis.
double overlap(const AxisPart& part, int j, int i) {
  const double begin = part.begin + part.length * j / part.to;
  const double end = part.begin + part.length * (j + 1) / part.to;
  return std::max(0.0, std::min(end, i + 1.0) - std::max(begin, static_cast<double>(i)));
}

// The definition, pixel by pixel.
double mean(const cv::Mat& image, const AxisPart& across, const AxisPart& down, int row, int column, int channel) {
  double sum = 0;
  double area = 0;
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      const double weight = overlap(down, row, y) * overlap(across, column, x);
      sum += weight * image.ptr(y, x)[channel];
      area += weight;
    }
  }
  return sum / area;
}

TEST(AreaAverage, IsTheMeanOverExactAreas) {
  cv::RNG random(5);
  for (const int channels : {1, 3}) {
    cv::Mat image(37, 53, CV_8UC(channels));
    random.fill(image, cv::RNG::UNIFORM, 0, 256);
    for (const auto& [across, down] : {std::pair{AxisPart{0, 53, 53}, AxisPart{0, 37, 37}},
                                       {AxisPart{0, 53, 1}, AxisPart{0, 37, 1}},
                                       {AxisPart{0, 53, 20}, AxisPart{0, 37, 37}},
                                       {AxisPart{7, 30, 11}, AxisPart{3, 29, 9}},
                                       {AxisPart{1.25, 50.5, 16}, AxisPart{0.5, 36.125, 15}}}) {
      const Bytes result = averaged(image, across, down);
      std::size_t at = 0;
      for (int row = 0; row < down.to; ++row) {
        for (int column = 0; column < across.to; ++column) {
          for (int c = 0; c < channels; ++c, ++at) {
            // Half for rounding; the edges lie on a grid of 1/256 pixel.
            EXPECT_NEAR(result[at], mean(image, across, down, row, column, c), 0.5 + 255.0 * 2 / 256)
                << "row " << row << " column " << column << " of " << across.to << " x " << down.to;
          }
        }
      }
    }
  }
}

TEST(AreaAverage, KeepsPixelsOfAnImageThatStaysAsItIs) {
  cv::Mat image(5, 7, CV_8UC3);
  cv::RNG(6).fill(image, cv::RNG::UNIFORM, 0, 256);
  EXPECT_EQ(averaged(image, {0, 7, 7}, {0, 5, 5}), Bytes(image.datastart, image.dataend));
}

TEST(AreaAverage, CountsAPixelAtTheEndInPart) {
  // 2.5 pixels as 1: the last one counts half.
  const cv::Mat image = (cv::Mat_<std::uint8_t>(1, 3) << 10, 20, 100);
  EXPECT_EQ(averaged(image, {0, 2.5, 1}, {0, 1, 1}), (Bytes{32}));
}

TEST(AreaAverage, HoldsTheSumOfTheTallestImageOfWhite) {
  const cv::Mat image(AreaAverage::most_rows, 2, CV_8UC1, cv::Scalar(255));
  EXPECT_EQ(averaged(image, {0, 2, 1}, {0, AreaAverage::most_rows, 1}), (Bytes{255}));
}

}  // namespace
}  // namespace lrfind::data
