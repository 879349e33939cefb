#include "analysis/power_law.hpp"

#include "analysis/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::analysis {

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
    half = std::max(half, student_t_95(degrees) * std::sqrt(scatter / static_cast<double>(degrees) / spread));
  }
  law.interval = {law.exponent - half, law.exponent + half};
  return law;
}

}  // namespace lrfind::analysis
