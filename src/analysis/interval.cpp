#include "analysis/interval.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "analysis/statistics.hpp"

namespace lrfind::analysis {

namespace {

constexpr int resamples = 64;
constexpr std::size_t prior_trials = 3;

/// Standard deviation of log10 of the rule's rate over curves resampled from one trial.
double resampled_spread(const Rule& rule, const Trial& trial, const SuggestOptions& options) {
  const std::vector<double> level = [&] {
    // Non-finite losses stay as they are and take no part in the level.
    std::vector<double> filled = smooth(trial.loss, 0);
    for (double& value : filled)
      if (!std::isfinite(value)) value = 0;
    return centred_smooth(filled, std::max<std::size_t>(5, trial.loss.size() / 12 | 1));
  }();
  std::mt19937_64 random(trial.seed);  // raw bits: the standard's distributions differ between libraries
  std::vector<double> decades;
  for (int k = 0; k < resamples; ++k) {
    Trial resampled = trial;
    for (std::size_t i = 0; i < trial.loss.size(); ++i) {
      const bool flip = (random() >> 63) != 0;
      if (flip && std::isfinite(trial.loss[i])) resampled.loss[i] = 2 * level[i] - trial.loss[i];
    }
    const std::vector<Trial> alone = {resampled};
    const Answer answer = rule.answer({resampled, alone, options});
    if (answer.lr) decades.push_back(std::log10(*answer.lr));
  }
  return standard_deviation(decades);
}

/// Half the interval's width in decades.
double half_width(const Answer& answer, const Rule& rule, const Evidence& evidence) {
  if (answer.per_trial.size() < 2) {
    const double seen = resampled_spread(rule, evidence.trials.front(), evidence.options);
    return 1.6449 * std::max(rule.spread, seen);
  }
  std::vector<double> decades;
  for (const double rate : answer.per_trial) decades.push_back(std::log10(rate));
  return half_width_90(decades, rule.spread, prior_trials);
}

}  // namespace

std::optional<Interval> interval_of(const Answer& answer, const Rule& rule, const Evidence& evidence) {
  if (!answer.lr || evidence.trials.empty()) return std::nullopt;
  const double factor = std::pow(10, half_width(answer, rule, evidence));
  return Interval{*answer.lr / factor, *answer.lr * factor};
}

}  // namespace lrfind::analysis
