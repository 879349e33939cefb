#include <data/image/area_average.hpp>

#include <algorithm>
#include <cmath>

namespace lrfind::data {
namespace {

constexpr std::int64_t one = 256;  // a whole pixel

std::vector<std::int64_t> bounds(const AxisPart& part) {
  std::vector<std::int64_t> result;
  result.reserve(static_cast<std::size_t>(part.to) + 1);
  for (int i = 0; i <= part.to; ++i) {
    result.push_back(std::llround((part.begin + part.length * i / part.to) * static_cast<double>(one)));
  }
  return result;
}

}  // namespace

AreaAverage::AreaAverage(const AxisPart& across, const AxisPart& down, int channels, std::uint8_t* to, std::size_t step)
    : columns_(bounds(across)), rows_(bounds(down)), channels_(channels), to_(to), step_(step) {
  for (std::size_t i = 0; i + 1 < columns_.size(); ++i) {
    per_column_.push_back(1.0 / static_cast<double>(columns_[i + 1] - columns_[i]));
  }
  const std::int64_t end = (columns_.back() + one - 1) / one;
  sums_.resize(static_cast<std::size_t>(end) * static_cast<std::size_t>(channels));
}

void AreaAverage::add(const std::uint8_t* row) {
  const std::int64_t top = one * next_++;
  const std::int64_t bottom = top + one;
  while (row_ + 1 < rows_.size() && rows_[row_] < bottom) {
    add_weighted(row, std::min(bottom, rows_[row_ + 1]) - std::max(top, rows_[row_]));
    if (rows_[row_ + 1] > bottom) return;
    channels_ == 1 ? finish_row<1>() : finish_row<3>();
    std::fill(sums_.begin(), sums_.end(), 0U);
    ++row_;
  }
}

void AreaAverage::add_weighted(const std::uint8_t* row, std::int64_t weight) {
  // 16 bits hold a value times its weight, which lets the compiler use the processor's 16-bit multiplication.
  const auto factor = static_cast<std::uint16_t>(weight);
  std::uint32_t* sums = sums_.data();
  const std::size_t count = sums_.size();
  for (std::size_t i = 0; i < count; ++i) sums[i] += static_cast<std::uint16_t>(row[i] * factor);
}

template <int channels>
void AreaAverage::finish_row() {
  std::uint8_t* to = to_ + row_ * step_;
  const double per_row = 1.0 / static_cast<double>(rows_[row_ + 1] - rows_[row_]);
  const std::uint32_t* sums = sums_.data();
  const std::size_t count = per_column_.size();
  const std::int64_t* columns = columns_.data();
  for (std::size_t column = 0; column < count; ++column) {
    const std::int64_t begin = columns[column];
    const std::int64_t end = columns[column + 1];
    const std::int64_t first = begin / one;
    const std::int64_t last = (end - 1) / one;
    const std::int64_t first_part = std::min(end, (first + 1) * one) - begin;
    const std::int64_t last_part = last == first ? 0 : end - last * one;
    std::int64_t inside[channels] = {};  // of the pixels that lie inside as a whole
    for (std::int64_t i = first + 1; i < last; ++i) {
      for (int c = 0; c < channels; ++c) inside[c] += sums[i * channels + c];
    }
    const double per_area = per_row * per_column_[column];
    for (int c = 0; c < channels; ++c) {
      const std::int64_t sum =
          inside[c] * one + sums[first * channels + c] * first_part + sums[last * channels + c] * last_part;
      // Nothing is negative here: half more, cut off, is the nearest.
      const double half_more = static_cast<double>(sum) * per_area + 0.5;
      *to++ = static_cast<std::uint8_t>(half_more);
    }
  }
}

}  // namespace lrfind::data
