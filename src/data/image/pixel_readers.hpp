// One reader of pixels per image format; plain_pixels.cpp picks. Each gives 8 bits per channel, whatever the file
// holds, as grey, grey and alpha, BGR, or BGR and alpha, as it is stored (see ImageHeader::orientation), of the first
// image in the file. They throw std::runtime_error with a clause where the data are damaged.
#pragma once

#include <opencv2/core/mat.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace lrfind::data {

cv::Mat read_png(std::span<const std::uint8_t> file);

/// The same row by row, each in a buffer that the next overwrites, of a PNG that is not interlaced.
void read_png_rows(std::span<const std::uint8_t> file, const std::function<void(const cv::Mat& row)>& take);
bool is_interlaced_png(std::span<const std::uint8_t> file);

cv::Mat read_bmp(std::span<const std::uint8_t> file);
cv::Mat read_tiff(std::span<const std::uint8_t> file);
cv::Mat read_pnm(std::span<const std::uint8_t> file);

}  // namespace lrfind::data
