// The pixels of an image file of any format but JPEG, brought to one kind.
#pragma once

#include <data/image/image_header.hpp>

#include <opencv2/core/mat.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace lrfind::data {

/// 8 bits per channel, grey or BGR, at the size that the file has; alpha is laid on white; the orientation is left
/// alone. Throws std::runtime_error with a clause where the data are damaged, and
/// what OpenCV throws.
cv::Mat plain_pixels(std::span<const std::uint8_t> file, const ImageHeader& header);

/// Whether plain_rows() can give the same one row at a time, so that the whole need not exist.
bool comes_in_rows(std::span<const std::uint8_t> file, const ImageHeader& header);
void plain_rows(std::span<const std::uint8_t> file, const ImageHeader& header,
                const std::function<void(const cv::Mat& row)>& take);

}  // namespace lrfind::data
