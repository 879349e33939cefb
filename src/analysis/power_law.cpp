#include "analysis/power_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lrfind::analysis {

namespace {

// 95 % quantile of Student's t for 1, 2, ... degrees of freedom (table in any statistics text).
double t95(std::size_t degrees) {
  constexpr std::array<double, 10> table{6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812};
  return degrees <= table.size() ? table[degrees - 1] : 1.645 + 1.6 / static_cast<double>(degrees);
}

}  // namespace

std::optional<PowerLaw> fit_power_law(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<double>& sd) {
  double total = 0;
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double weight = 1 / (sd[i] * sd[i]);
    total += weight;
    mean_x += weight * std::log10(x[i]);
    mean_y += weight * std::log10(y[i]);
  }
  mean_x /= total;
  mean_y /= total;
  double spread = 0;
  double shared = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double weight = 1 / (sd[i] * sd[i]);
    spread += weight * std::pow(std::log10(x[i]) - mean_x, 2);
    shared += weight * (std::log10(x[i]) - mean_x) * (std::log10(y[i]) - mean_y);
  }
  if (x.size() < 2 || !(spread > 1e-12 * total)) return std::nullopt;  // rounding leaves equal x a little apart
  PowerLaw law;
  law.exponent = shared / spread;
  law.factor = std::pow(10, mean_y - law.exponent * mean_x);
  double scatter = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double off = std::log10(y[i]) - mean_y - law.exponent * (std::log10(x[i]) - mean_x);
    scatter += off * off / (sd[i] * sd[i]);
  }
  double half = 1.645 / std::sqrt(spread);
  if (x.size() > 2) {
    const auto degrees = x.size() - 2;
    half = std::max(half, t95(degrees) * std::sqrt(scatter / static_cast<double>(degrees) / spread));
  }
  law.interval = {law.exponent - half, law.exponent + half};
  return law;
}

}  // namespace lrfind::analysis
