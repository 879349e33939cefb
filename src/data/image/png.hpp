// PNG pixels straight from libpng.
#pragma once

#include <opencv2/core/mat.hpp>

#include <cstdint>
#include <span>

namespace lrfind::data {

/// 8 bits per channel whatever the file holds: grey, grey and alpha, BGR, or BGR and alpha. Throws std::runtime_error
/// with a clause where the data are damaged.
cv::Mat read_png(std::span<const std::uint8_t> file);

}  // namespace lrfind::data
