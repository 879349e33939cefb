#include <data/image/decode.hpp>

#include <data/image/area_average.hpp>
#include <data/image/jpeg.hpp>
#include <data/image/plain_pixels.hpp>
#include <platform/read_file.hpp>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
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

// Which part of the image becomes which part of the result.
struct Fit {
  cv::Rect from;
  cv::Rect to;
  double across() const { return static_cast<double>(from.width) / to.width; }
  double down() const { return static_cast<double>(from.height) / to.height; }
};

// The central part of `from` that has the aspect ratio of `to`.
cv::Rect central_part(const cv::Size& from, const cv::Size& to) {
  const auto part = [](int whole, double wanted) {
    return std::clamp(static_cast<int>(std::lround(wanted)), 1, whole);
  };
  const int width = part(from.width, static_cast<double>(from.height) * to.width / to.height);
  const int height = part(from.height, static_cast<double>(from.width) * to.height / to.width);
  return {(from.width - width) / 2, (from.height - height) / 2, width, height};
}

Fit fit(const cv::Size& from, const cv::Size& to, Resize how) {
  const cv::Rect all_from({}, from);
  const cv::Rect all_to({}, to);
  if (how == Resize::crop) return {central_part(from, to), all_to};
  // Padding is the crop of the result instead of the image.
  return {all_from, how == Resize::pad ? central_part(to, from) : all_to};
}

AreaAverage area_average(const Fit& fit, double reduced_by, cv::Mat& result) {
  const cv::Rect& from = fit.from;
  return {{from.x / reduced_by, from.width / reduced_by, fit.to.width},
          {from.y / reduced_by, from.height / reduced_by, fit.to.height},
          result.channels(),
          result.ptr(fit.to.y, fit.to.x),
          result.step};
}

// Areas where an axis shrinks, bilinear where it grows.
void resample(const cv::Mat& image, const Fit& fit, cv::Mat& result) {
  cv::Mat from = image(fit.from);
  cv::Mat to = result(fit.to);
  if (from.size() == to.size()) return from.copyTo(to);
  const cv::Size smaller(std::min(from.cols, to.cols), std::min(from.rows, to.rows));
  if (smaller != from.size()) {
    const bool enough = smaller == to.size();
    cv::Mat shrunk = enough ? to : cv::Mat(smaller, from.type());
    if (from.rows > AreaAverage::most_rows) {
      cv::resize(from, shrunk, smaller, 0, 0, cv::INTER_AREA);
    } else {
      AreaAverage average = area_average({cv::Rect({}, from.size()), cv::Rect({}, smaller)}, 1, shrunk);
      for (int row = 0; row < from.rows; ++row) average.add(from.ptr(row));
    }
    if (enough) return;
    from = shrunk;
  }
  cv::resize(from, to, to.size(), 0, 0, cv::INTER_LINEAR);
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

// The scale 1/8, 1/4, 1/2 or 1 (as 8, 4, 2, 1) at which a JPEG may be decoded. Half the resolution of what is decoded
// must be left to the area average that follows; then the result differs from full decoding by less than two good
// resampling filters do from each other (tests/data/decode_test.cpp).
int reduced_by(const Fit& fit) {
  const double reduction = std::min(fit.across(), fit.down());
  for (const int d : {8, 4, 2}) {
    if (reduction / d >= 2) return d;
  }
  return 1;
}

// What libjpeg is asked for: grey where the file or the result is, but CMYK only becomes RGB.
int jpeg_channels(const ImageHeader& header, int wanted) {
  return header.channels == 1 || (header.channels == 3 && wanted == 1) ? 1 : 3;
}

// Grey or RGB.
cv::Mat whole_jpeg(std::span<const std::uint8_t> file, const ImageHeader& header, int channels) {
  const JpegScale scale = jpeg_scale(header, 1);
  cv::Mat image(static_cast<int>(scale.height), static_cast<int>(scale.width), CV_8UC(channels));
  int row = 0;
  read_jpeg(file, scale, channels, [&](const std::uint8_t* from) {
    std::memcpy(image.ptr(row++), from, static_cast<std::size_t>(image.cols) * image.elemSize());
  });
  return image;
}

// A JPEG that only shrinks is averaged row by row as it comes out of the decoder.
cv::Mat fitted_jpeg(std::span<const std::uint8_t> file, const ImageHeader& header, int channels, const cv::Size& size,
                    const DecodeOptions& options) {
  const Fit part = fit(cv::Size(static_cast<int>(header.width), static_cast<int>(header.height)), size, options.resize);
  cv::Mat result = cv::Mat::zeros(size, CV_8UC(channels));
  if (part.across() < 1 || part.down() < 1) {
    resample(whole_jpeg(file, header, channels), part, result);
    return result;
  }
  const int by = options.reduced_scale ? reduced_by(part) : 1;
  AreaAverage average = area_average(part, by, result);
  read_jpeg(file, jpeg_scale(header, by), channels, [&](const std::uint8_t* row) { average.add(row); });
  return result;
}

cv::Mat fitted(const cv::Mat& image, const cv::Size& size, Resize how) {
  cv::Mat result = cv::Mat::zeros(size, image.type());
  resample(image, fit(image.size(), size, how), result);
  return result;
}

// What is larger than this decoded is averaged row by row where its format and size let it.
constexpr std::uint64_t large_image = std::uint64_t{1} << 24U;

bool averaged_in_rows(std::span<const std::uint8_t> file, const ImageHeader& header, const Fit& part) {
  const bool only_shrinks = part.across() >= 1 && part.down() >= 1 && header.height <= AreaAverage::most_rows;
  const bool large = std::uint64_t{header.width} * header.height > large_image;
  return large && only_shrinks && comes_in_rows(file, header);
}

// Grey or BGR.
cv::Mat fitted_plain(std::span<const std::uint8_t> file, const ImageHeader& header, const cv::Size& size, Resize how) {
  const cv::Size stored(static_cast<int>(header.width), static_cast<int>(header.height));
  const Fit part = fit(stored, size, how);
  if (!averaged_in_rows(file, header, part)) return fitted(plain_pixels(file, header), size, how);
  cv::Mat result;
  std::optional<AreaAverage> average;
  plain_rows(file, header, [&](const cv::Mat& row) {
    if (!average) {
      result = cv::Mat::zeros(size, row.type());
      average.emplace(area_average(part, 1, result));
    }
    average->add(row.ptr());
  });
  return result;
}

std::uint64_t pixel_bytes(const ImageHeader& header) {
  const bool grey = header.channels <= 2 && !header.alpha;
  return std::uint64_t{header.width} * header.height * (grey ? 1 : 3);
}

// What decode() holds at once of a large image.
std::uint64_t bytes_needed(std::span<const std::uint8_t> file, const ImageHeader& header,
                           const DecodeOptions& options) {
  cv::Size size(options.shape.width, options.shape.height);
  if (header.orientation >= 5) std::swap(size.width, size.height);
  const cv::Size stored(static_cast<int>(header.width), static_cast<int>(header.height));
  const Fit part = fit(stored, size, options.resize);
  if (header.format == ImageFormat::jpeg) {
    return header.decoder_bytes + (part.across() < 1 || part.down() < 1 ? pixel_bytes(header) : 0);
  }
  return averaged_in_rows(file, header, part) ? 0 : header.decoder_bytes + pixel_bytes(header);
}

cv::Mat from_bgr(cv::Mat image) {
  if (image.channels() == 3) cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return image;
}

Image with_channels(const cv::Mat& image, int channels) {
  Image result{{image.rows, image.cols, channels}, {}};
  result.pixels.resize(result.shape.bytes());
  cv::Mat pixels(image.size(), CV_8UC(channels), result.pixels.data());
  if (channels == image.channels()) {
    image.copyTo(pixels);
  } else {
    cv::cvtColor(image, pixels, channels == 3 ? cv::COLOR_GRAY2RGB : cv::COLOR_RGB2GRAY);
  }
  return result;
}

// Turns whatever a decoder throws into a clause.
template <typename Need, typename Work>
Decoded guarded(std::span<const std::uint8_t> file, DecodeBudget& budget, const Need& need, const Work& work) {
  Decoded result;
  result.header = read_image_header(file);
  result.error = result.header.error;
  if (!result.ok()) return result;
  const std::uint64_t bytes = need(result.header);
  result.error = budget.refusal(bytes);
  if (!result.ok()) return result;
  set_up_opencv();
  const DecodeBudget::Share share(budget, bytes);
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

Decoded decode(std::span<const std::uint8_t> file, const DecodeOptions& options, DecodeBudget& budget) {
  const auto need = [&](const ImageHeader& header) { return bytes_needed(file, header, options); };
  return guarded(file, budget, need, [&](Decoded& result) {
    const ImageHeader& header = result.header;
    cv::Size stored(options.shape.width, options.shape.height);
    if (header.orientation >= 5) std::swap(stored.width, stored.height);
    const cv::Mat image =
        header.format == ImageFormat::jpeg
            ? fitted_jpeg(file, header, jpeg_channels(header, options.shape.channels), stored, options)
            : from_bgr(fitted_plain(file, header, stored, options.resize));
    result.image = with_channels(upright(image, header.orientation), options.shape.channels);
  });
}

Decoded decode(std::span<const std::uint8_t> file, const DecodeOptions& options) {
  DecodeBudget alone;
  return decode(file, options, alone);
}

Decoded decode(std::span<const std::uint8_t> file) {
  DecodeBudget alone;
  const auto need = [](const ImageHeader& header) { return header.decoder_bytes + pixel_bytes(header); };
  return guarded(file, alone, need, [&](Decoded& result) {
    const ImageHeader& header = result.header;
    const cv::Mat image = header.format == ImageFormat::jpeg ? whole_jpeg(file, header, jpeg_channels(header, 3))
                                                             : from_bgr(plain_pixels(file, header));
    result.image = with_channels(upright(image, header.orientation), image.channels());
  });
}

Decoded decode_file(const std::string& path, const DecodeOptions& options, DecodeBudget& budget) {
  std::vector<std::uint8_t> buffer;
  Decoded failed;
  failed.error = read_file(path, buffer);
  return failed.ok() ? decode(buffer, options, budget) : failed;
}

Decoded decode_file(const std::string& path, const DecodeOptions& options) {
  DecodeBudget alone;
  return decode_file(path, options, alone);
}

Image resize(const std::uint8_t* pixels, const ImageShape& from, const ImageShape& to, Resize how) {
  set_up_opencv();
  const cv::Mat image(from.height, from.width, CV_8UC(from.channels), const_cast<std::uint8_t*>(pixels));
  return with_channels(fitted(image, {to.width, to.height}, how), to.channels);
}

}  // namespace lrfind::data
