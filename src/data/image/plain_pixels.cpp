#include <data/image/plain_pixels.hpp>

#include <data/image/opencv_codec.hpp>
#include <data/image/pixel_readers.hpp>

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

// Grey or BGR.
cv::Mat without_alpha(const cv::Mat& image, const ImageHeader& header) {
  if (image.channels() == 4) return on_white(image, header.premultiplied);
  if (image.channels() == 2) {
    cv::Mat grey_grey_grey_alpha(image.size(), CV_8UC4);
    cv::mixChannels({image}, {grey_grey_grey_alpha}, {0, 0, 0, 1, 0, 2, 1, 3});
    return on_white(grey_grey_grey_alpha, header.premultiplied);
  }
  return image;
}

cv::Mat read_webp(std::span<const std::uint8_t> file) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::runtime_error("is too large");
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::uint8_t*>(file.data()));
  cv::Mat image = opencv_decode(bytes, cv::IMREAD_UNCHANGED);
  if (image.empty()) throw std::runtime_error("is damaged: libwebp finds no image in it");
  return image;
}

cv::Mat decoded(std::span<const std::uint8_t> file, ImageFormat format) {
  switch (format) {
    case ImageFormat::png:
      return read_png(file);
    case ImageFormat::bmp:
      return read_bmp(file);
    case ImageFormat::tiff:
      return read_tiff(file);
    case ImageFormat::pnm:
      return read_pnm(file);
    default:
      return read_webp(file);
  }
}

}  // namespace

cv::Mat plain_pixels(std::span<const std::uint8_t> file, const ImageHeader& header) {
  return without_alpha(decoded(file, header.format), header);
}

bool comes_in_rows(std::span<const std::uint8_t> file, const ImageHeader& header) {
  return header.format == ImageFormat::png && !is_interlaced_png(file);
}

void plain_rows(std::span<const std::uint8_t> file, const ImageHeader& header,
                const std::function<void(const cv::Mat& row)>& take) {
  read_png_rows(file, [&](const cv::Mat& row) { take(without_alpha(row, header)); });
}

}  // namespace lrfind::data
