// Plain statistics of plain numbers. Every input must be finite; nothing here knows of rates or losses.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace lrfind::analysis {

/// Quantile `q` in [0, 1], linear between order statistics (Hyndman and Fan's type 7). NaN for no values.
double quantile(std::vector<double> values, double q);

double median(const std::vector<double>& values);

double mean(const std::vector<double>& values);

/// Sample standard deviation (n - 1); 0 for fewer than two values.
double standard_deviation(const std::vector<double>& values);

/// Standard deviation of the noise on a slowly changing series, from the median of its step-to-step differences:
/// 1.4826 median|x_(i+1) - x_i| / sqrt(2). Slow changes and a few spikes hardly move it. 0 below two values.
double step_noise(const std::vector<double>& values);

/// Mean over all stretches of `window` values of their von Neumann ratio (1941): the sum of squared steps between the
/// residuals of a parabola over the sum of squared residuals. About 2 for independent noise on a slow change, half of
/// that for a random walk, as a moving average makes of noise, and near 0 for a smooth line. None below `window`
/// values, or where they all lie on parabolas.
std::optional<double> von_neumann_ratio(const std::vector<double>& values, std::size_t window);

/// Running median, centred, over `window` points (cut at the ends).
std::vector<double> running_median(const std::vector<double>& values, std::size_t window);

/// Running median, then running mean, both centred, over `window` points (made odd; cut at the ends). No lag.
std::vector<double> centred_smooth(const std::vector<double>& values, std::size_t window);

/// Half the width of the 90 % interval of the mean of normal values, at least one, by Student's t. Their variance is
/// joined with the usual one as if that had been seen in `prior` values more (the scaled-inverse-chi-square prior;
/// Gelman et al., Bayesian Data Analysis, section 2.6): without it two values that happen to agree would look certain.
double half_width_90(const std::vector<double>& values, double usual_deviation, std::size_t prior);

/// 95 % quantile of Student's t for `degrees` of freedom, at least 1, to four digits.
double student_t_95(std::size_t degrees);

}  // namespace lrfind::analysis
