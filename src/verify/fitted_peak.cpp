#include "verify/verify.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lrfind::verify {

using report::accuracy_of;

namespace {

// What is believed of the accuracy A about its best rate before any training, A(u) = c + b u - k u^2 with u =
// log10(lr / suggestion): k is 10 +- 8 points per square decade, and the suggestion misses the best rate by 0.25
// decades (standard deviation), hence b = 2 k * miss. Points are those of a network that is right half of the time and
// shrink with sqrt(A (1 - A)) as accuracies themselves vary less near 0 and 1. The figures describe the tasks of
// scripts/bench/suggestion_lab.
constexpr double curvature = 0.10, curvature_deviation = 0.08, miss = 0.25;
constexpr double lowest_curvature = curvature / 4;
constexpr double seed_deviation = 0.01;  // of an accuracy, between trainings that differ in the seed alone
constexpr double lid = 0.06;             // a cliff says no more than that much lower: it is no parabola
constexpr double reach = 1.0;            // decades about the suggestion where the parabola is taken to hold
constexpr double normal_90 = 1.645;

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

// Inverse of a symmetric positive definite matrix, by cofactors.
Matrix inverse(const Matrix& m) {
  const auto minor = [&](std::size_t r, std::size_t c) {
    const std::size_t r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
    return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
  };
  const double determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
  Matrix result{};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 3; ++c) result[c][r] = minor(r, c) / determinant;
  }
  return result;
}

}  // namespace

std::optional<FittedPeak> fitted_peak(const ScheduleResult& result, std::size_t val_images) {
  if (!result.best) return std::nullopt;
  const auto suggested = std::find_if(result.candidates.begin(), result.candidates.end(),
                                      [](const Candidate& candidate) { return candidate.suggested; });
  if (suggested == result.candidates.end()) return std::nullopt;
  const double best = accuracy_of(result.candidates[*result.best]).mean;
  const auto images = static_cast<double>(val_images);
  const double smoothed = (best * images + 1) / (images + 2);
  const double unit = std::sqrt(smoothed * (1 - smoothed)) / 0.5;

  Matrix precision{};
  Vector evidence{};
  precision[1][1] = 1 / std::pow(2 * curvature * unit * miss, 2);
  precision[2][2] = 1 / std::pow(curvature_deviation * unit, 2);
  evidence[2] = curvature * unit * precision[2][2];
  double lowest = 0;
  double highest = 0;
  for (const auto& candidate : result.candidates) {
    if (candidate.runs.empty()) continue;
    const double u = std::log10(candidate.lr / suggested->lr);
    if (std::abs(u) > reach) continue;
    const auto accuracy = accuracy_of(candidate);
    const double measured = accuracy.count > 0 ? std::max(accuracy.mean, best - lid * unit) : best - lid * unit;
    const double variance =
        (smoothed * (1 - smoothed) / (images + 2) + std::pow(seed_deviation * unit, 2)) / std::max(accuracy.count, 1);
    const Vector row = {1, u, -u * u};
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 3; ++c) precision[r][c] += row[r] * row[c] / variance;
      evidence[r] += row[r] * measured / variance;
    }
    lowest = std::min(lowest, u);
    highest = std::max(highest, u);
  }
  if (precision[0][0] == 0) return std::nullopt;
  const Matrix covariance = inverse(precision);
  Vector fit{};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 3; ++c) fit[r] += covariance[r][c] * evidence[c];
  }
  const double k = std::max(fit[2], lowest_curvature * unit);
  const double u = std::clamp(fit[1] / (2 * k), lowest, highest);
  const double deviation = std::sqrt(covariance[1][1]) / (2 * k);
  const auto rate = [&](double decades) { return suggested->lr * std::pow(10, decades); };
  return FittedPeak{rate(u), {rate(u - normal_90 * deviation), rate(u + normal_90 * deviation)}};
}

std::optional<std::size_t> nearest_completed(const ScheduleResult& result, double lr) {
  std::optional<std::size_t> nearest;
  const auto distance = [&](std::size_t i) { return std::abs(std::log(result.candidates[i].lr / lr)); };
  for (std::size_t i = 0; i < result.candidates.size(); ++i) {
    const auto& runs = result.candidates[i].runs;
    const bool whole = !runs.empty() && std::all_of(runs.begin(), runs.end(), [](const TrainingRun& run) {
      return run.end == RunEnd::completed;
    });
    if (whole && (!nearest || distance(i) < distance(*nearest))) nearest = i;
  }
  return nearest;
}

}  // namespace lrfind::verify
