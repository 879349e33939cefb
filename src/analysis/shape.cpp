#include "analysis/shape.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics.hpp"

namespace lrfind::analysis {

namespace {

// A difference of two medians of k points has standard deviation 1.25 sigma sqrt(2 / k); four of those are beyond what
// the lowest of some twenty independent stretches of noise shows in one curve of ten thousand.
constexpr double deviations = 4 * 1.25;

// A change below a hundredth of the loss is no evidence, however quiet the curve.
constexpr double least_share = 0.01;

std::vector<double> first(const std::vector<double>& values, std::size_t count) {
  return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count)};
}

void keep_finite(Shape& shape, const Trial& trial) {
  for (std::size_t i = 0; i < trial.lr.size(); ++i) {
    if (!std::isfinite(trial.loss[i])) continue;
    shape.lr.push_back(trial.lr[i]);
    shape.loss.push_back(trial.loss[i]);
  }
}

/// What is left of the losses without their level: noise without the trend that a steep curve adds to its steps.
std::vector<double> residuals(const Shape& shape) {
  std::vector<double> result;
  for (std::size_t i = 0; i < shape.size(); ++i) result.push_back(shape.loss[i] - shape.level[i]);
  return result;
}

/// First index from which every level is above `bound`.
std::size_t stays_above(const std::vector<double>& level, double bound) {
  std::size_t index = level.size();
  while (index > 0 && level[index - 1] > bound) --index;
  return index;
}

}  // namespace

std::size_t Shape::fall_begins_at() const {
  std::size_t index = lowest_at;
  while (index > 0 && level[index] < start - 0.1 * fall()) --index;
  return index;
}

Shape shape_of(const Trial& trial) {
  Shape shape;
  keep_finite(shape, trial);
  const std::size_t size = shape.size();
  if (size < fewest_points) return shape;

  const std::size_t window = std::max<std::size_t>(5, size / 12 | 1);
  const std::size_t head = std::max<std::size_t>(5, size / 10);
  shape.window = window;
  shape.level = centred_smooth(shape.loss, window);
  const auto lowest = std::min_element(shape.level.begin() + static_cast<std::ptrdiff_t>(head), shape.level.end());
  shape.lowest_at = static_cast<std::size_t>(lowest - shape.level.begin());
  shape.lowest = *lowest;
  shape.start = median(first(shape.loss, head));
  // Past the lowest point the losses scatter more and more; they say nothing of the noise that hides a fall.
  const std::vector<double> scatter = residuals(shape);
  shape.noise = step_noise(shape.lowest_at >= 2 * head ? first(scatter, shape.lowest_at + 1) : scatter);

  const double doubt = deviations * shape.noise * std::sqrt(2.0 / static_cast<double>(window));
  shape.evidence = std::max(doubt, least_share * std::abs(shape.start));
  shape.rise_at = stays_above(shape.level, shape.start + shape.evidence);

  const double notable = std::max(doubt, 0.1 * std::max(shape.fall(), 0.0));
  const bool last_jumps = shape.loss.back() > std::max(shape.start, shape.lowest + notable) + 6 * shape.noise;
  shape.ends_rising = trial.stopped == Stopped::diverged || !std::isfinite(trial.loss.back()) || last_jumps ||
                      shape.level.back() > shape.lowest + notable;

  // Clearly lower than two windows ago, and lower than one window ago: a descent that has not yet levelled off.
  const double end = shape.level.back();
  const double long_drop = shape.level[size - 1 - 2 * window] - end, short_drop = shape.level[size - 1 - window] - end;
  shape.ends_falling =
      !shape.ends_rising && long_drop > std::max(doubt, 0.15 * shape.fall()) && short_drop > 0.05 * shape.fall();
  return shape;
}

}  // namespace lrfind::analysis
