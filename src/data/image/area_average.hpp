// Shrinking by averaging areas, one source row at a time, so that the full-size image need not exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lrfind::data {

/// The part [begin, begin + length) of an axis, in source pixels, that becomes `to` pixels. It may begin and end inside
/// a pixel; that pixel then counts in part.
struct AxisPart {
  double begin = 0;
  double length = 0;
  int to = 0;
};

/// Averages over exact areas (in steps of 1/256 pixel), in integers. Both axes must shrink or stay.
class AreaAverage {
 public:
  static constexpr int most_rows = 65535;  ///< of the source

  /// The result's rows are `step` bytes apart.
  AreaAverage(const AxisPart& across, const AxisPart& down, int channels, std::uint8_t* to, std::size_t step);

  /// Takes the next row of the whole source image, from its first pixel on.
  void add(const std::uint8_t* row);

 private:
  void add_weighted(const std::uint8_t* row, std::int64_t weight);
  template <int channels>
  void finish_row();

  std::vector<std::int64_t> columns_;  // bounds of the result's columns in the source, in 1/256 pixel
  std::vector<std::int64_t> rows_;     // and of its rows
  std::vector<double> per_column_;     // 1 / the column's width
  int channels_;
  std::uint8_t* to_;
  std::size_t step_;
  std::int64_t next_ = 0;            // source row
  std::size_t row_ = 0;              // of the result
  std::vector<std::uint32_t> sums_;  // one source row long: weighted sums down the result's row
};

}  // namespace lrfind::data
