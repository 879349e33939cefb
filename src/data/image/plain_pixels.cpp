#include <data/image/plain_pixels.hpp>

#include <data/image/opencv_codec.hpp>
#include <data/image/png.hpp>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace lrfind::data {
namespace {

// c * a + white * (1 - a), or c + white * (1 - a) where c is multiplied already, rounded; drops alpha.
cv::Mat on_white(const cv::Mat& image, bool premultiplied) {
  cv::Mat result(image.size(), CV_8UC3);
  for (int row = 0; row < image.rows; ++row) {
    const auto* from = image.ptr<std::uint8_t>(row);
    auto* to = result.ptr<std::uint8_t>(row);
    for (int column = 0; column < image.cols; ++column, from += 4, to += 3) {
      const unsigned alpha = from[3];
      const unsigned factor = premultiplied ? 255U : alpha;
      for (int c = 0; c < 3; ++c) {
        to[c] = static_cast<std::uint8_t>(std::min(255U, (from[c] * factor + 255U * (255U - alpha) + 127U) / 255U));
      }
    }
  }
  return result;
}

// 8 bits per channel, grey or BGR.
cv::Mat plain(const cv::Mat& image, const ImageHeader& header) {
  cv::Mat result = image;
  if (image.depth() == CV_16U) {
    const double white = header.format == ImageFormat::pnm ? header.max_value : 65535;
    image.convertTo(result, CV_8U, 255.0 / white);
  } else if (image.depth() == CV_8U && header.format == ImageFormat::pnm && header.max_value > 1 &&
             header.max_value < 255) {
    image.convertTo(result, CV_8U, 255.0 / header.max_value);
  } else if (image.depth() != CV_8U) {
    throw std::runtime_error("has pixels that are neither 8 nor 16 bit integers");
  }
  if (result.channels() == 4) return on_white(result, header.premultiplied);
  if (result.channels() == 2) {
    cv::Mat grey_grey_grey_alpha(result.size(), CV_8UC4);
    cv::mixChannels({result}, {grey_grey_grey_alpha}, {0, 0, 0, 1, 0, 2, 1, 3});
    return on_white(grey_grey_grey_alpha, header.premultiplied);
  }
  if (result.channels() != 1 && result.channels() != 3) {
    throw std::runtime_error("has " + std::to_string(result.channels()) + " channels");
  }
  return result;
}

int imread_flags(const ImageHeader& header) {
  switch (header.format) {
    // The header's orientation is applied after resizing, when there are fewer pixels to move.
    case ImageFormat::jpeg:
      return cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION;
    // Without an alpha channel the fourth byte of a 32-bit BMP means nothing.
    case ImageFormat::bmp:
      return header.alpha ? cv::IMREAD_UNCHANGED : cv::IMREAD_COLOR;
    default:
      return cv::IMREAD_UNCHANGED;
  }
}

cv::Mat by_opencv(std::span<const std::uint8_t> file, const ImageHeader& header) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::runtime_error("is too large");
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::uint8_t*>(file.data()));
  cv::Mat image = opencv_decode(bytes, imread_flags(header));
  if (image.empty()) {
    throw std::runtime_error("cannot be decoded: the " + std::string(to_string(header.format)) + " data are damaged");
  }
  return image;
}

}  // namespace

cv::Mat plain_pixels(std::span<const std::uint8_t> file, const ImageHeader& header) {
  return plain(header.format == ImageFormat::png ? read_png(file) : by_opencv(file, header), header);
}

}  // namespace lrfind::data
