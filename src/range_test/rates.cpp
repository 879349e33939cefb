#include <lrfind/range_test.hpp>

#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>

namespace lrfind {

std::vector<double> learning_rates(const RangeTestOptions& options) {
  const auto [lo, hi, steps] = std::tuple(options.min_lr, options.max_lr, options.steps);
  if (!(lo > 0) || !std::isfinite(lo)) {
    throw std::invalid_argument("min_lr is " + std::to_string(lo) + "; it must be above 0");
  }
  if (!(hi > lo) || !std::isfinite(hi)) {
    throw std::invalid_argument("max_lr is " + std::to_string(hi) + "; it must be above min_lr, " + std::to_string(lo));
  }
  if (steps < 2) {
    throw std::invalid_argument("steps is " + std::to_string(steps) + "; a range test needs at least 2");
  }
  std::vector<double> rates(static_cast<std::size_t>(steps));
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double part = static_cast<double>(i) / (steps - 1);
    rates[i] = options.spacing == Spacing::linear ? lo + (hi - lo) * part : lo * std::pow(hi / lo, part);
  }
  // Rounding must not move the ends: a person who asked for 10 finds 10.
  rates.front() = lo;
  rates.back() = hi;
  return rates;
}

}  // namespace lrfind
