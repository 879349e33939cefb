// How one quantity grows as a power of another.
#pragma once

#include <lrfind/suggest.hpp>

#include <optional>
#include <vector>

namespace lrfind::analysis {

struct PowerLaw {
  double exponent = 0;
  Interval interval;  ///< 90 % of the exponent
  double factor = 1;  ///< y = factor * x^exponent
};

/// Weighted least squares of log y on log x. sd: standard deviation of log10 y of each point, > 0. The exponent's
/// variance is that of the points or of the scatter around the line, whichever is larger; its interval uses Student's t
/// with n - 2 degrees of freedom for the scatter and the normal quantile for the points. Nothing with fewer than two
/// different x.
std::optional<PowerLaw> fit_power_law(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<double>& sd);

}  // namespace lrfind::analysis
