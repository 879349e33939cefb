#include "analysis/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace lrfind::analysis {

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  const double low = *at;
  if (below + 1 == values.size()) return low;
  const double high = *std::min_element(at + 1, values.end());
  return low + (position - static_cast<double>(below)) * (high - low);
}

double median(const std::vector<double>& values) { return quantile(values, 0.5); }

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double step_noise(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  std::vector<double> differences;
  differences.reserve(values.size() - 1);
  for (std::size_t i = 1; i < values.size(); ++i) differences.push_back(std::abs(values[i] - values[i - 1]));
  return 1.4826 * median(differences) / std::sqrt(2.0);
}

namespace {

template <typename Summary>
std::vector<double> running(const std::vector<double>& values, std::size_t window, Summary summary) {
  const std::size_t half = window / 2;
  std::vector<double> result;
  result.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t first = i - std::min(i, half);
    const std::size_t last = std::min(values.size(), i + half + 1);
    result.push_back(summary(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(first),
                                                 values.begin() + static_cast<std::ptrdiff_t>(last))));
  }
  return result;
}

/// What a least-squares parabola leaves of equally spaced values. With positions from -1 to 1, the three polynomials
/// 1, t and t^2 - mean(t^2) are orthogonal.
std::vector<double> without_parabola(const std::vector<double>& values) {
  const std::size_t count = values.size();
  std::vector<double> t(count), curved(count);
  for (std::size_t i = 0; i < count; ++i) t[i] = 2 * static_cast<double>(i) / static_cast<double>(count - 1) - 1;
  for (std::size_t i = 0; i < count; ++i) curved[i] = t[i] * t[i];
  const double middle = mean(curved);
  for (double& value : curved) value -= middle;
  std::vector<double> left = values;
  for (const std::vector<double>& shape : {std::vector<double>(count, 1.0), t, curved}) {
    const double share = std::inner_product(left.begin(), left.end(), shape.begin(), 0.0) /
                         std::inner_product(shape.begin(), shape.end(), shape.begin(), 0.0);
    for (std::size_t i = 0; i < count; ++i) left[i] -= share * shape[i];
  }
  return left;
}

/// The von Neumann ratio of one stretch; none where rounding is all that is left.
std::optional<double> ratio_of(const std::vector<double>& stretch) {
  const std::vector<double> left = without_parabola(stretch);
  double squares = 0, steps = 0, largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    squares += left[i] * left[i];
    if (i > 0) steps += (left[i] - left[i - 1]) * (left[i] - left[i - 1]);
    largest = std::max(largest, std::abs(stretch[i]));
  }
  const double rounding = 1e-12 * largest;
  if (squares <= static_cast<double>(left.size()) * rounding * rounding) return std::nullopt;
  return steps / squares;
}

}  // namespace

std::optional<double> von_neumann_ratio(const std::vector<double>& values, std::size_t window) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t last = window; last <= values.size(); ++last) {
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(last);
    const std::optional<double> ratio = ratio_of({end - static_cast<std::ptrdiff_t>(window), end});
    if (!ratio) continue;
    sum += *ratio;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

std::vector<double> running_median(const std::vector<double>& values, std::size_t window) {
  return running(values, window, median);
}

std::vector<double> centred_smooth(const std::vector<double>& values, std::size_t window) {
  return running(running_median(values, window), window / 2, mean);
}

double student_t_95(std::size_t degrees) {
  // Tabulated, because the C++ library has no inverse of the t distribution.
  constexpr std::array<double, 10> table = {6.313751514801, 2.919985580356, 2.353363434802, 2.131846781336,
                                            2.015048372669, 1.943180280393, 1.894578605061, 1.859548037523,
                                            1.833112932654, 1.812461122811};
  if (degrees <= table.size()) return table[std::max<std::size_t>(degrees, 1) - 1];
  // Cornish-Fisher expansion (Abramowitz and Stegun, 26.7.5), right to four digits above ten degrees of freedom.
  const double z = 1.6448536, v = static_cast<double>(degrees);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}

double half_width_90(const std::vector<double>& values, double usual_deviation, std::size_t prior) {
  const double seen = standard_deviation(values);
  const auto own = static_cast<double>(values.size() - 1), more = static_cast<double>(prior);
  const double variance = (own * seen * seen + more * usual_deviation * usual_deviation) / (own + more);
  return student_t_95(values.size() - 1 + prior) * std::sqrt(variance / static_cast<double>(values.size()));
}

}  // namespace lrfind::analysis
