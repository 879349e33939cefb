#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "analysis/learning.hpp"
#include "analysis/statistics.hpp"
#include "analysis/text.hpp"

namespace lrfind::analysis {

namespace {

// Decades of an interval. A hundred pairs of trials of ordinary trainings left up to 0.7 open.
constexpr double doubtful_width = 0.8;

constexpr const char* lower_rates = "lower the lowest rate, for example by a factor of 1000";

Reason too_few_points(std::size_t count, Stopped stopped) {
  const std::string seen = "The curve has " + std::to_string(count) + " points with a finite loss and needs at least " +
                           std::to_string(fewest_points);
  if (stopped == Stopped::interrupted) return {"too-few-points", seen + "; let the sweep run on."};
  return {"too-few-points",
          seen + ".",
          true,
          "raise the number of steps",
          {{"points", static_cast<double>(count)}, {"needed", static_cast<double>(fewest_points)}}};
}

Reason diverged_from_start(const std::vector<double>& lr, const std::vector<double>& loss) {
  const double first = loss.empty() ? std::nan("") : loss.front();
  const double last = loss.empty() ? std::nan("") : loss.back();
  const std::string from = lr.empty() ? "" : " at a rate of " + text(lr.front());
  const std::string to = lr.empty() ? "" : " at " + text(lr.back());
  const std::string seen = std::isfinite(first)
                               ? "The loss rose from the start, from " + text(first) + from + " to " + text(last) + to
                               : std::string("The loss was not finite from the first step on");
  return {"diverged-from-start", seen + ".", true, lower_rates, {{"factor", 1000}}};
}

Reason still_falling(const Shape& shape, Stopped stopped) {
  const std::string seen = "The loss was still falling at the highest rate, " + text(shape.lr.back()) +
                           ", where it had " + "reached " + text(shape.level.back()) + " from " + text(shape.start);
  if (stopped == Stopped::interrupted) return {"still-falling", seen + "; let the sweep run on."};
  const double higher = 100 * shape.lr.back();
  return {"still-falling",
          seen + ".",
          true,
          "raise the highest rate, for example to " + text(higher),
          {{"max_lr", higher}}};
}

/// Whether the loss rises before a flat or falling stretch can be read: within the first third of the points.
bool rises_from_start(const Shape& shape) { return shape.ends_rising && shape.rise_at <= shape.size() / 3; }

/// Of a curve too short to read: whether it ended in divergence in the first third of its planned steps, or with its
/// lowest loss among its first points.
bool blew_up_at_once(const Trial& trial, const Shape& shape, std::size_t planned) {
  if (shape.size() == 0) return !trial.lr.empty();
  if (trial.stopped == Stopped::diverged && 3 * shape.size() <= planned) return true;
  const auto lowest = std::min_element(shape.loss.begin(), shape.loss.end());
  const bool blew_up = trial.stopped == Stopped::diverged || shape.size() < trial.lr.size() ||
                       shape.loss.back() > 2 * shape.loss.front();
  return blew_up && static_cast<std::size_t>(lowest - shape.loss.begin()) <= shape.size() / 4;
}

/// What the course of one trial says against it.
std::optional<Reason> diagnose_course(const Trial& trial, std::size_t planned) {
  const Shape shape = shape_of(trial);
  if (shape.size() < fewest_points)
    return blew_up_at_once(trial, shape, planned) ? diverged_from_start(trial.lr, trial.loss)
                                                  : too_few_points(shape.size(), trial.stopped);
  if (!shape.fell() && rises_from_start(shape)) return diverged_from_start(shape.lr, shape.loss);
  if (shape.fell() && shape.ends_falling) return still_falling(shape, trial.stopped);
  return std::nullopt;
}

/// A reason that `count` of `all` trials give.
Reason voted(Reason reason, std::size_t count, std::size_t all) {
  if (2 * count > all) return reason;
  reason.fatal = false;
  reason.message = "In " + std::to_string(count) + " of " + std::to_string(all) + " trials: " + reason.message;
  return reason;
}

}  // namespace

std::vector<Reason> diagnose(const std::vector<Trial>& trials, const SuggestOptions& options) {
  if (trials.empty()) return {too_few_points(0, Stopped::completed)};
  std::map<std::string, std::vector<Reason>> votes;
  for (const Trial& trial : trials)
    if (const std::optional<Reason> reason = diagnose_course(trial, options.steps))
      votes[reason->code].push_back(*reason);

  std::vector<Reason> reasons;
  bool fatal = false;
  for (const auto& [code, found] : votes) {
    reasons.push_back(voted(found.front(), found.size(), trials.size()));
    fatal = fatal || reasons.back().fatal;
  }
  if (fatal) return reasons;
  const std::vector<Reason> learning = diagnose_learning(trials, options);
  reasons.insert(reasons.end(), learning.begin(), learning.end());
  return reasons;
}

std::vector<Reason> disagreement(const Answer& answer) {
  const std::vector<double>& rates = answer.per_trial;
  if (rates.size() < 2) return {};
  std::vector<double> decades;
  for (const double rate : rates) decades.push_back(std::log10(rate));
  const auto [low, high] = std::minmax_element(decades.begin(), decades.end());
  // Two trials of a steady rule differ by 0.4 decades as a rule, so that a decade between them is no scandal.
  const bool apart = answer.evidence_width ? *answer.evidence_width > doubtful_width
                     : rates.size() == 2   ? *high - *low > 1.5
                                           : standard_deviation(decades) > 0.75;
  if (!apart) return {};
  return {{"trials-disagree",
           "The trials suggest rates from " + text(std::pow(10, *low)) + " to " + text(std::pow(10, *high)) + ", " +
               text(*high - *low) + " decades apart.",
           !answer.evidence_width || *answer.evidence_width > 1,
           "raise the batch size, the steps or the trials",
           {{"lowest", std::pow(10, *low)}, {"highest", std::pow(10, *high)}}}};
}

std::vector<Reason> below_sweep(double lr, const Trial& curve) {
  if (lr >= curve.lr.front()) return {};
  return {{"diverged-from-start",
           "The rate to train with seems to lie at " + text(lr) + ", below the lowest that was tried, " +
               text(curve.lr.front()) + ".",
           true,
           lower_rates,
           {{"lr", lr}, {"factor", 1000}}}};
}

std::vector<Reason> misplaced(double lr, const std::string& rule, const Shape& shape) {
  if (shape.size() < fewest_points || !shape.fell()) return {};
  const double begins = shape.lr[shape.fall_begins_at()], ends = shape.lr[shape.lowest_at];
  // The published averages lag or lead by up to a decade, which is their manner and no mistake.
  if (lr >= begins / 10 && (lr <= 10 * ends)) return {};
  return {{"outside-descent",
           "The rule " + rule + " names a rate of " + text(lr) + ", but the loss falls between " + text(begins) +
               " and " + text(ends) + ".",
           true,
           "choose another rule or raise the number of trials",
           {{"lr", lr}, {"begins", begins}, {"ends", ends}}}};
}

}  // namespace lrfind::analysis
