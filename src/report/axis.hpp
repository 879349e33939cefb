// Axes of curves: which part of the losses is worth seeing, and where the ticks go.
#pragma once

#include "report/result.hpp"

#include <string>
#include <vector>

namespace lrfind::report {

struct Range {
  double lo = 0, hi = 1;
};

struct Tick {
  double value = 0;
  std::string label;
};

bool any_finite(const std::vector<double>& values);

/// The lowest and highest rate of the curves; widened to a decade where they are one rate. lo > 0.
Range rate_range(const std::vector<NamedResult>& results);

/// From the lowest loss to a little above the level that the loss falls from, so that a final explosion is cut and the
/// fall fills the picture. Always lo < hi.
Range loss_range(const std::vector<NamedResult>& results);

/// The same for the smoothed losses alone.
Range smoothed_range(const std::vector<NamedResult>& results);

/// Multiples of 1, 2 or 5 times a power of ten inside the range, about `count` of them, labels with equal decimals.
std::vector<Tick> linear_ticks(const Range& range, int count);

/// Powers of ten inside the range ("1e-3"); below two decades also twice and five times those.
std::vector<Tick> decade_ticks(const Range& range);

}  // namespace lrfind::report
