#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "analysis/statistics.hpp"

namespace lrfind::analysis {

namespace {

std::string text(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", number);
  return buffer;
}

Reason too_few_points(std::size_t count, Stopped stopped) {
  const std::string seen = "The curve has " + std::to_string(count) + " points with a finite loss and needs at least " +
                           std::to_string(fewest_points);
  if (stopped == Stopped::interrupted) return {"too-few-points", seen + "; let the sweep run on."};
  return {"too-few-points", seen + "; raise --steps."};
}

Reason diverged_from_start(const std::vector<double>& lr, const std::vector<double>& loss) {
  const double first = loss.empty() ? std::nan("") : loss.front();
  const double last = loss.empty() ? std::nan("") : loss.back();
  const std::string from = lr.empty() ? "" : " at a rate of " + text(lr.front());
  const std::string to = lr.empty() ? "" : " at " + text(lr.back());
  const std::string seen = std::isfinite(first)
                               ? "The loss rose from the start, from " + text(first) + from + " to " + text(last) + to
                               : std::string("The loss was not finite from the first step on");
  return {"diverged-from-start", seen + "; lower --min-lr, for example by a factor of 1000."};
}

Reason never_fell(const Shape& shape) {
  return {"never-fell", "The loss never fell: its lowest level, " + text(shape.lowest) + ", is " +
                            text(std::max(shape.fall(), 0.0)) + " below its start at " + text(shape.start) +
                            ", and noise and chance explain up to " + text(shape.evidence) +
                            "; raise --max-lr or --batch-size, or check the labels and the model."};
}

Reason still_falling(const Shape& shape, Stopped stopped) {
  const std::string seen = "The loss was still falling at the highest rate, " + text(shape.lr.back()) +
                           ", where it had " + "reached " + text(shape.level.back()) + " from " + text(shape.start);
  if (stopped == Stopped::interrupted) return {"still-falling", seen + "; let the sweep run on."};
  return {"still-falling", seen + "; raise --max-lr, for example to " + text(100 * shape.lr.back()) + "."};
}

Reason too_noisy(const Shape& shape) {
  return {"too-noisy",
          "The loss fell by " + text(shape.fall()) + ", only " + text(shape.fall() / shape.noise) +
              " times the noise of one batch, " + text(shape.noise) + "; raise --batch-size, --steps or --trials.",
          false};
}

/// Whether the loss rises before a flat or falling stretch can be read: within the first third of the points.
bool rises_from_start(const Shape& shape) { return shape.ends_rising && shape.rise_at <= shape.size() / 3; }

/// Of a curve too short to read: whether it ended in divergence with its lowest loss among its first points.
bool blew_up_at_once(const Trial& trial, const Shape& shape) {
  if (shape.size() == 0) return !trial.lr.empty();
  const auto lowest = std::min_element(shape.loss.begin(), shape.loss.end());
  const bool blew_up = trial.stopped == Stopped::diverged || shape.size() < trial.lr.size() ||
                       shape.loss.back() > 2 * shape.loss.front();
  return blew_up && static_cast<std::size_t>(lowest - shape.loss.begin()) <= shape.size() / 4;
}

}  // namespace

std::vector<Reason> diagnose(const Trial& trial) {
  const Shape shape = shape_of(trial);
  if (shape.size() < fewest_points) {
    return {blew_up_at_once(trial, shape) ? diverged_from_start(trial.lr, trial.loss)
                                          : too_few_points(shape.size(), trial.stopped)};
  }
  if (!shape.fell()) return {rises_from_start(shape) ? diverged_from_start(shape.lr, shape.loss) : never_fell(shape)};
  if (shape.ends_falling) return {still_falling(shape, trial.stopped)};
  if (shape.fall() < 1.5 * shape.evidence && shape.noise > 0) return {too_noisy(shape)};
  return {};
}

std::vector<Reason> diagnose(const std::vector<Trial>& trials) {
  if (trials.empty()) return {too_few_points(0, Stopped::completed)};
  if (trials.size() == 1) return diagnose(trials.front());
  std::map<std::string, std::vector<Reason>> votes;
  for (const Trial& trial : trials)
    for (const Reason& reason : diagnose(trial)) votes[reason.code].push_back(reason);

  const std::vector<Reason> mean_curve = diagnose(aggregate(trials));
  const auto mean_shows = [&](const std::string& code) {
    return std::any_of(mean_curve.begin(), mean_curve.end(), [&](const Reason& r) { return r.code == code; });
  };
  std::vector<Reason> reasons;
  for (const auto& [code, found] : votes) {
    // Averaging trials is what the advice against noise asks for: believe it when it has worked.
    if ((code == "never-fell" || code == "too-noisy") && !mean_shows(code)) continue;
    Reason reason = found.front();
    if (2 * found.size() <= trials.size()) {
      if (!reason.fatal) continue;
      reason.fatal = false;
      reason.message =
          "In " + std::to_string(found.size()) + " of " + std::to_string(trials.size()) + " trials: " + reason.message;
    }
    reasons.push_back(reason);
  }
  return reasons;
}

std::vector<Reason> disagreement(const std::vector<double>& rates) {
  if (rates.size() < 2) return {};
  std::vector<double> decades;
  for (const double rate : rates) decades.push_back(std::log10(rate));
  const auto [low, high] = std::minmax_element(decades.begin(), decades.end());
  // Two trials of a steady rule differ by 0.4 decades as a rule, so that a decade between them is no scandal.
  const bool apart = rates.size() == 2 ? *high - *low > 1.5 : standard_deviation(decades) > 0.75;
  if (!apart) return {};
  return {{"trials-disagree", "The trials suggest rates from " + text(std::pow(10, *low)) + " to " +
                                  text(std::pow(10, *high)) + ", " + text(*high - *low) +
                                  " decades apart; raise --batch-size, --steps or --trials."}};
}

std::vector<Reason> misplaced(double lr, const std::string& rule, const Shape& shape) {
  if (shape.size() < fewest_points || !shape.fell()) return {};
  const double begins = shape.lr[shape.fall_begins_at()], ends = shape.lr[shape.lowest_at];
  // The published averages lag or lead by up to a decade, which is their manner and no mistake.
  if (lr >= begins / 10 && (lr <= 10 * ends)) return {};
  return {{"outside-descent", "The rule " + rule + " names a rate of " + text(lr) + ", but the loss falls between " +
                                  text(begins) + " and " + text(ends) + "; choose another --rule or raise --trials."}};
}

}  // namespace lrfind::analysis
