#include "analysis/published_rules.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace lrfind::analysis {

namespace {

/// The points `skip_start` .. size - skip_end of a smoothed curve whose raw loss is finite.
Points trimmed(const Trial& trial, const std::vector<double>& smoothed, std::size_t skip_start, std::size_t skip_end) {
  Points points;
  const std::size_t size = trial.lr.size();
  for (std::size_t i = skip_start; i + skip_end < size; ++i) {
    if (!std::isfinite(trial.loss[i])) continue;
    points.lr.push_back(trial.lr[i]);
    points.loss.push_back(smoothed[i]);
  }
  return points;
}

std::size_t lowest(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::min_element(values.begin(), values.end()) - values.begin());
}

/// Length of the longest strictly decreasing subsequence that ends at each value (patience sorting).
std::vector<std::size_t> decreasing_lengths(const std::vector<double>& values) {
  std::vector<std::size_t> lengths;
  std::vector<double> tails;  // tails[k]: the largest last value of a decreasing subsequence of k + 1 values
  for (const double value : values) {
    const auto place = std::lower_bound(tails.begin(), tails.end(), value, std::greater<>());
    lengths.push_back(static_cast<std::size_t>(place - tails.begin()) + 1);
    if (place == tails.end())
      tails.push_back(value);
    else
      *place = value;
  }
  return lengths;
}

/// Slope at every point against a coordinate, second order inside, one-sided at the ends (Fornberg 1988); at least two
/// points. This is numpy.gradient and torch.gradient with spacing.
std::vector<double> slope(const std::vector<double>& y, const std::vector<double>& x) {
  const std::size_t last = y.size() - 1;
  std::vector<double> result(y.size());
  result[0] = (y[1] - y[0]) / (x[1] - x[0]);
  result[last] = (y[last] - y[last - 1]) / (x[last] - x[last - 1]);
  for (std::size_t i = 1; i < last; ++i) {
    const double below = x[i] - x[i - 1], above = x[i + 1] - x[i];
    result[i] = (below * below * y[i + 1] + (above * above - below * below) * y[i] - above * above * y[i - 1]) /
                (below * above * (below + above));
  }
  return result;
}

std::vector<double> step_numbers(std::size_t count) {
  std::vector<double> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<double>(i);
  return numbers;
}

/// l_i = share x_i + (1 - share) l_(i-1) from the first finite value on.
std::vector<double> lean_average(const std::vector<double>& values, double share) {
  std::vector<double> result;
  bool started = false;
  double average = std::nan("");
  for (const double value : values) {
    if (std::isfinite(value)) {
      average = started ? share * value + (1 - share) * average : value;
      started = true;
    }
    result.push_back(average);
  }
  return result;
}

/// The average of torch-lr-finder and ignite, whose factor their rules fix; a factor of 0 switches it off like the
/// others.
std::vector<double> fixed_average(const Trial& trial, const SuggestOptions& options) {
  return lean_average(trial.loss, options.smoothing > 0 ? 0.05 : 1);
}

std::vector<double> lightning_average(const Trial& trial, double factor) {
  std::vector<double> smoothed = smooth(trial.loss, factor);
  double remaining = 1;  // f^k after k finite losses
  for (std::size_t i = 0; i < smoothed.size(); ++i) {
    if (std::isfinite(trial.loss[i])) remaining *= factor;
    smoothed[i] *= (1 - remaining) / (1 - remaining * factor);
  }
  return smoothed;
}

}  // namespace

Points fastai_points(const Trial& trial, const SuggestOptions& options) {
  const std::size_t planned = options.steps > 0 ? options.steps : trial.lr.size();
  return trimmed(trial, smooth(trial.loss, options.smoothing), planned / 10, 5);
}

Points torch_lr_finder_points(const Trial& trial, const SuggestOptions& options) {
  return trimmed(trial, fixed_average(trial, options), 10, 5);
}

Points ignite_points(const Trial& trial, const SuggestOptions& options) {
  return trimmed(trial, fixed_average(trial, options), 0, 0);
}

Points lightning_points(const Trial& trial, const SuggestOptions& options) {
  return trimmed(trial, lightning_average(trial, options.smoothing), 10, 1);
}

std::optional<double> valley(const Trial& trial, const SuggestOptions& options) {
  const Points points = fastai_points(trial, options);
  if (points.size() == 0) return std::nullopt;
  const std::vector<std::size_t> lengths = decreasing_lengths(points.loss);
  const auto longest = std::max_element(lengths.begin(), lengths.end());
  if (*longest == 1) return points.lr.front();
  const auto end = longest - lengths.begin();
  const auto start = end - static_cast<std::ptrdiff_t>(*longest);
  const double third = static_cast<double>(end - start) / 3;
  const auto index = start + static_cast<std::ptrdiff_t>(third) + static_cast<std::ptrdiff_t>(third / 2);
  // A curve of two falling points gives -1, which Python takes as its last point.
  return index < 0 ? points.lr.back() : points.lr[static_cast<std::size_t>(index)];
}

std::optional<double> slide(const Trial& trial, const SuggestOptions& options) {
  constexpr std::size_t width = 15;
  constexpr double threshold = 0.005;
  const Points points = fastai_points(trial, options);
  if (points.size() <= width) return std::nullopt;
  const std::vector<double> gradient = slope(points.loss, step_numbers(points.size()));
  std::size_t left = points.size() - 1 - width;
  double rate = points.lr[left];
  while (std::abs(gradient[left + width] - gradient[left]) > threshold) {
    rate = points.lr[left];
    if (left == 0) break;
    --left;
  }
  return rate;
}

std::optional<double> minimum(const Trial& trial, const SuggestOptions& options) {
  const Points points = fastai_points(trial, options);
  if (points.size() == 0) return std::nullopt;
  return points.lr[lowest(points.loss)] / 10;
}

std::optional<double> steepest(const Trial& trial, const SuggestOptions& options) {
  const Points points = fastai_points(trial, options);
  if (points.size() < 2) return std::nullopt;
  std::vector<double> descent;
  for (std::size_t i = 1; i < points.size(); ++i)
    descent.push_back((points.loss[i] - points.loss[i - 1]) / std::log10(points.lr[i] / points.lr[i - 1]));
  return points.lr[lowest(descent)];
}

std::optional<double> torch_lr_finder(const Trial& trial, const SuggestOptions& options) {
  const Points points = torch_lr_finder_points(trial, options);
  if (points.size() < 2) return std::nullopt;
  return points.lr[lowest(slope(points.loss, step_numbers(points.size())))];
}

std::optional<double> ignite(const Trial& trial, const SuggestOptions& options) {
  const Points points = ignite_points(trial, options);
  if (points.size() == 0) return std::nullopt;
  const std::size_t end = lowest(points.loss);
  if (end < 2) return std::nullopt;
  std::size_t best = 1;
  const auto descent = [&](std::size_t i) { return points.loss[i + 1] - points.loss[i - 1]; };
  for (std::size_t i = 2; i < end; ++i)
    if (descent(i) < descent(best)) best = i;
  return points.lr[best];
}

std::optional<double> lightning(const Trial& trial, const SuggestOptions& options) {
  const Points points = lightning_points(trial, options);
  if (points.size() < 2) return std::nullopt;
  return points.lr[lowest(slope(points.loss, points.lr))];
}

}  // namespace lrfind::analysis
