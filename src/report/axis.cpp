#include "report/axis.hpp"

#include "analysis/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace lrfind::report {
namespace {

// Without those so large that their distance is none.
std::vector<double> drawable(const std::vector<double>& values) {
  constexpr double largest = 1e300;
  std::vector<double> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept), [](double v) { return std::abs(v) <= largest; });
  return kept;
}

// Medians of five follow a fall without the lag of an average and pass over single outliers.
std::size_t lowest_point(const std::vector<double>& values) {
  if (values.size() < 5) return 0;
  const std::vector<double> medians = analysis::running_median(values, 5);
  const auto lowest = std::min_element(medians.begin() + 2, medians.end() - 2);
  return *lowest < values[0] ? static_cast<std::size_t>(lowest - medians.begin()) : 0;
}

Range range_of(const std::vector<double>& loss) {
  const std::size_t fall = std::max(lowest_point(loss), loss.size() / 10) + 1;
  std::vector<double> falling(loss.begin(), loss.begin() + static_cast<std::ptrdiff_t>(std::min(fall, loss.size())));
  const auto high = falling.begin() + std::lround(0.98 * static_cast<double>(falling.size() - 1));
  std::nth_element(falling.begin(), high, falling.end());
  const double lo = *std::min_element(loss.begin(), loss.end());
  const double start = *high;
  constexpr double above_start = 0.35;  // of the fall: shows that the loss rises again, and no more
  const double hi = std::min(*std::max_element(loss.begin(), loss.end()), start + above_start * (start - lo));
  return {lo, hi};
}

Range padded(Range range) {
  double span = range.hi - range.lo;
  const double least = 1e-3 * std::max(std::abs(range.hi), std::abs(range.lo));
  if (!(span > least)) span = std::max(100 * least, 1e-9);
  return {range.lo - 0.03 * span, range.lo + 1.03 * span};
}

Range range_of_all(const std::vector<std::vector<double>>& series) {
  bool any = false;
  Range range;
  for (const std::vector<double>& values : series) {
    const std::vector<double> measured = drawable(values);
    if (measured.empty()) continue;
    const Range next = range_of(measured);
    range = any ? Range{std::min(range.lo, next.lo), std::max(range.hi, next.hi)} : next;
    any = true;
  }
  return any ? padded(range) : range;
}

std::string labelled(double value, int decimals) {
  std::array<char, 64> buffer{};
  const bool plain = value == 0 || (std::abs(value) < 1e6 && decimals <= 6);
  std::snprintf(buffer.data(), buffer.size(), plain ? "%.*f" : "%.*e", plain ? decimals : 1, value);
  return buffer.data();
}

}  // namespace

bool any_finite(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

Range rate_range(const std::vector<NamedResult>& results) {
  Range range{1e300, 0};
  for (const NamedResult& named : results) {
    for (const double lr : named.result.curve.lr) range = {std::min(range.lo, lr), std::max(range.hi, lr)};
  }
  if (range.hi <= 0) return {1e-7, 10};
  if (range.hi <= range.lo) return {range.lo / 3, range.hi * 3};
  return range;
}

Range loss_range(const std::vector<NamedResult>& results) {
  std::vector<std::vector<double>> series;
  for (const NamedResult& named : results) {
    series.push_back(named.result.curve.loss);
    series.push_back(named.result.curve.probe_loss);
  }
  return range_of_all(series);
}

Range smoothed_range(const std::vector<NamedResult>& results) {
  std::vector<std::vector<double>> series;
  series.reserve(results.size());
  for (const NamedResult& named : results) series.push_back(named.result.smoothed_loss);
  return range_of_all(series);
}

std::vector<Tick> linear_ticks(const Range& range, int count) {
  const double rough = (range.hi - range.lo) / std::max(count, 1);
  if (!std::isfinite(rough) || rough <= 0) return {};
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double ratio = rough / power;
  const double step = power * (ratio <= 1.0 ? 1 : ratio <= 2.0 ? 2 : ratio <= 5.0 ? 5 : 10);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  std::vector<Tick> ticks;
  const double first = std::ceil(range.lo / step);
  // Far from 0 one step more may be the same number.
  for (int n = 0; n <= 2 * count && (first + n) * step <= range.hi; ++n) {
    const double value = first + n == 0 ? 0.0 : (first + n) * step;  // no "-0"
    ticks.push_back({value, labelled(value, decimals)});
  }
  return ticks;
}

std::vector<Tick> decade_ticks(const Range& range) {
  std::vector<Tick> ticks;
  const bool few = range.hi / range.lo < 100;
  const auto first = static_cast<int>(std::floor(std::log10(range.lo)));
  const auto last = static_cast<int>(std::ceil(std::log10(range.hi)));
  for (int exponent = first; exponent <= last; ++exponent) {
    for (const int factor : {1, 2, 5}) {
      if (factor > 1 && !few) continue;
      const double value = factor * std::pow(10, exponent);
      // The ends of a sweep are powers of ten more often than not, up to rounding.
      if (value < range.lo * (1 - 1e-9) || value > range.hi * (1 + 1e-9)) continue;
      ticks.push_back({value, std::to_string(factor) + "e" + std::to_string(exponent)});
    }
  }
  return ticks;
}

}  // namespace lrfind::report
