#include <data/decode.hpp>

#include <data/read_file.hpp>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>

namespace lrfind::data {
namespace {

// OpenCV keeps its settings per process: no threads of its own beside our workers, and no messages.
void set_up_opencv() {
  static std::once_flag once;
  std::call_once(once, [] {
    cv::setNumThreads(0);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  });
}

// Areas where an axis shrinks, bilinear where it grows.
cv::Mat scaled(const cv::Mat& image, const cv::Size& size) {
  if (image.size() == size) return image;
  cv::Mat result;
  const bool narrower = size.width < image.cols;
  const bool lower = size.height < image.rows;
  if (narrower != lower && size.width != image.cols && size.height != image.rows) {
    // OpenCV averages areas only when both axes shrink.
    const cv::Size between(narrower ? size.width : image.cols, lower ? size.height : image.rows);
    cv::resize(image, result, between, 0, 0, cv::INTER_AREA);
    cv::resize(cv::Mat(result), result, size, 0, 0, cv::INTER_LINEAR);
    return result;
  }
  cv::resize(image, result, size, 0, 0, narrower || lower ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

// The central part of `from` that has the aspect ratio of `to`.
cv::Rect central_part(const cv::Size& from, const cv::Size& to) {
  const auto part = [](int whole, double wanted) {
    return std::clamp(static_cast<int>(std::lround(wanted)), 1, whole);
  };
  const int width = part(from.width, static_cast<double>(from.height) * to.width / to.height);
  const int height = part(from.height, static_cast<double>(from.width) * to.height / to.width);
  return {(from.width - width) / 2, (from.height - height) / 2, width, height};
}

cv::Mat fitted(const cv::Mat& image, const cv::Size& size, Resize how) {
  if (how == Resize::crop) return scaled(image(central_part(image.size(), size)), size);
  if (how == Resize::stretch) return scaled(image, size);
  const double scale =
      std::min(static_cast<double>(size.width) / image.cols, static_cast<double>(size.height) / image.rows);
  const cv::Size inner(std::clamp(static_cast<int>(std::lround(image.cols * scale)), 1, size.width),
                       std::clamp(static_cast<int>(std::lround(image.rows * scale)), 1, size.height));
  cv::Mat result = cv::Mat::zeros(size, image.type());
  const cv::Rect place((size.width - inner.width) / 2, (size.height - inner.height) / 2, inner.width, inner.height);
  scaled(image, inner).copyTo(result(place));
  return result;
}

// EXIF 2.32, section 4.6.4, tag 274: where the stored row 0 and column 0 are in the upright image.
cv::Mat upright(const cv::Mat& image, int orientation) {
  cv::Mat result = image;
  if (orientation >= 5) cv::transpose(image, result);
  switch (orientation) {
    case 2:
    case 6:
      cv::flip(cv::Mat(result), result, 1);
      break;
    case 3:
    case 7:
      cv::flip(cv::Mat(result), result, -1);
      break;
    case 4:
    case 8:
      cv::flip(cv::Mat(result), result, 0);
      break;
    default:
      break;
  }
  return result;
}

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

int rounded_part(std::uint32_t length, int denominator) {
  return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) / denominator)));
}

// The scale 1/8, 1/4, 1/2 or 1 (as 8, 4, 2, 1) at which a JPEG may be decoded. Half the resolution of what is decoded
// must be left to the area average that follows. And where a side is no multiple of the denominator, the decoded image
// is up to half a pixel too long or too short: that may move nothing by more than 0.18 pixels of the result. Within
// these bounds the result differs from full decoding by less than two good resampling filters do from each other
// (tests/data/decode_test.cpp).
int reduced_by(const ImageHeader& header, const cv::Size& size, Resize how) {
  const double across = static_cast<double>(header.width) / size.width;
  const double down = static_cast<double>(header.height) / size.height;
  const double reduction = how == Resize::pad ? std::max(across, down) : std::min(across, down);
  for (const int d : {8, 4, 2}) {
    const auto misfit = [&](std::uint32_t length) {
      return std::abs(rounded_part(length, d) - static_cast<double>(length) / d) * d / reduction;
    };
    if (reduction / d >= 2 && misfit(header.width) <= 0.18 && misfit(header.height) <= 0.18) return d;
  }
  return 1;
}

int imread_flags(const ImageHeader& header, bool grey, int d) {
  switch (header.format) {
    case ImageFormat::jpeg: {
      const int flags = d == 8   ? (grey ? cv::IMREAD_REDUCED_GRAYSCALE_8 : cv::IMREAD_REDUCED_COLOR_8)
                        : d == 4 ? (grey ? cv::IMREAD_REDUCED_GRAYSCALE_4 : cv::IMREAD_REDUCED_COLOR_4)
                        : d == 2 ? (grey ? cv::IMREAD_REDUCED_GRAYSCALE_2 : cv::IMREAD_REDUCED_COLOR_2)
                                 : (grey ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
      // The header's orientation is applied after resizing, when there are fewer pixels to move.
      return flags | cv::IMREAD_IGNORE_ORIENTATION;
    }
    // Without an alpha channel the fourth byte of a 32-bit BMP means nothing.
    case ImageFormat::bmp:
      return header.alpha ? cv::IMREAD_UNCHANGED : cv::IMREAD_COLOR;
    default:
      return cv::IMREAD_UNCHANGED;
  }
}

cv::Mat decode_plain(std::span<const std::uint8_t> file, const ImageHeader& header, int flags) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::runtime_error("is too large");
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::uint8_t*>(file.data()));
  const cv::Mat image = cv::imdecode(bytes, flags);
  if (image.empty()) {
    throw std::runtime_error("cannot be decoded: the " + std::string(to_string(header.format)) + " data are damaged");
  }
  return plain(image, header);
}

Image with_channels(const cv::Mat& image, int channels) {
  Image result{{image.rows, image.cols, channels}, {}};
  result.pixels.resize(result.shape.bytes());
  cv::Mat pixels(image.size(), CV_8UC(channels), result.pixels.data());
  if (channels == 3) {
    cv::cvtColor(image, pixels, image.channels() == 1 ? cv::COLOR_GRAY2RGB : cv::COLOR_BGR2RGB);
  } else if (image.channels() == 3) {
    cv::cvtColor(image, pixels, cv::COLOR_BGR2GRAY);
  } else {
    image.copyTo(pixels);
  }
  return result;
}

// Turns whatever a decoder throws into a clause.
template <typename Work>
Decoded guarded(std::span<const std::uint8_t> file, const Work& work) {
  Decoded result;
  result.header = read_image_header(file);
  result.error = result.header.error;
  if (!result.ok()) return result;
  set_up_opencv();
  try {
    work(result);
  } catch (const cv::Exception& error) {
    result.error = "cannot be decoded: " + (error.err.empty() ? std::string("the data are damaged") : error.err);
  } catch (const std::bad_alloc&) {
    result.error = "cannot be decoded: out of memory";
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  if (!result.ok()) result.image = {};
  return result;
}

}  // namespace

Resize parse_resize(const std::string& name) {
  if (name == "stretch") return Resize::stretch;
  if (name == "crop") return Resize::crop;
  if (name == "pad") return Resize::pad;
  throw std::invalid_argument("'" + name + "' is no way to resize: use stretch, crop or pad");
}

Decoded decode(std::span<const std::uint8_t> file, const DecodeOptions& options) {
  return guarded(file, [&](Decoded& result) {
    const ImageHeader& header = result.header;
    // OpenCV turns TIFF images upright itself.
    const int orientation = header.format == ImageFormat::tiff ? 1 : header.orientation;
    cv::Size stored(options.shape.width, options.shape.height);
    if (orientation >= 5) std::swap(stored.width, stored.height);
    const bool grey = options.shape.channels == 1 || header.channels == 1;
    const bool may_reduce = options.reduced_scale && header.format == ImageFormat::jpeg;
    const int by = may_reduce ? reduced_by(header, stored, options.resize) : 1;
    cv::Mat image = decode_plain(file, header, imread_flags(header, grey, by));
    if (by != 1) {
      // libjpeg rounds up; the nearer size is the better fit.
      image = image(cv::Rect(0, 0, std::min(image.cols, rounded_part(header.width, by)),
                             std::min(image.rows, rounded_part(header.height, by))));
    }
    result.image = with_channels(upright(fitted(image, stored, options.resize), orientation), options.shape.channels);
  });
}

Decoded decode(std::span<const std::uint8_t> file) {
  return guarded(file, [&](Decoded& result) {
    const ImageHeader& header = result.header;
    const cv::Mat image = decode_plain(file, header, imread_flags(header, header.channels == 1, 1));
    const int orientation = header.format == ImageFormat::tiff ? 1 : header.orientation;
    result.image = with_channels(upright(image, orientation), image.channels());
  });
}

Decoded decode_file(const std::string& path, const DecodeOptions& options) {
  std::vector<std::uint8_t> buffer;
  Decoded failed;
  failed.error = read_file(path, buffer);
  return failed.ok() ? decode(buffer, options) : failed;
}

Image resize(const std::uint8_t* pixels, const ImageShape& from, const ImageShape& to, Resize how) {
  set_up_opencv();
  const cv::Mat image(from.height, from.width, CV_8UC(from.channels), const_cast<std::uint8_t*>(pixels));
  const cv::Mat result = fitted(image, {to.width, to.height}, how);
  // with_channels takes BGR; swapping the outer channels twice leaves RGB as it is.
  if (from.channels == 3) {
    cv::Mat bgr;
    cv::cvtColor(result, bgr, cv::COLOR_RGB2BGR);
    return with_channels(bgr, to.channels);
  }
  return with_channels(result, to.channels);
}

}  // namespace lrfind::data
