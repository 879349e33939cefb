#include <cmath>
#include <limits>
#include <lrfind/suggest.hpp>
#include <stdexcept>

#include "analysis/text.hpp"

namespace lrfind {

std::vector<double> smooth(const std::vector<double>& values, double factor) {
  if (!(factor >= 0 && factor < 1))
    throw std::invalid_argument("the smoothing factor is " + analysis::exact(factor) + ", outside of [0, 1)");
  std::vector<double> smoothed;
  smoothed.reserve(values.size());
  double average = 0, weight = 0;
  for (const double value : values) {
    if (std::isfinite(value)) {
      average = factor * average + (1 - factor) * value;
      weight = factor * weight + (1 - factor);  // equals 1 - factor^k after k finite values
    }
    smoothed.push_back(weight > 0 ? average / weight : std::numeric_limits<double>::quiet_NaN());
  }
  return smoothed;
}

}  // namespace lrfind
