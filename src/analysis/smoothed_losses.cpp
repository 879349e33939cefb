#include "analysis/smoothed_losses.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/shape.hpp"
#include "analysis/statistics.hpp"
#include "analysis/text.hpp"

namespace lrfind::analysis {

namespace {

// Of 341 recorded curves of minibatches none lies below 1.41; of the same curves under the moving averages of fastai,
// Lightning, torch-lr-finder and ignite, 98.5 % and more lie below.
constexpr double smooth_ratio = 1.4;
constexpr std::size_t stretch = 21, fewest_to_tell = 31;

// Lightning's average divides its first loss by nearly twice what it should, and the level is reached within ten steps.
constexpr double biased_share = 0.75;
constexpr std::size_t first_points = 3, level_from = 8, level_to = 16;

std::vector<double> finite(const std::vector<double>& values) {
  std::vector<double> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
               [](double value) { return std::isfinite(value); });
  return kept;
}

template <typename Predicate>
bool most(const std::vector<Trial>& trials, Predicate holds) {
  return 2 * std::count_if(trials.begin(), trials.end(), holds) > std::ssize(trials);
}

bool lowest_first(const std::vector<double>& losses) {
  if (losses.size() < fewest_points) return false;
  const auto lowest = std::min_element(losses.begin(), losses.end());
  return lowest - losses.begin() < static_cast<std::ptrdiff_t>(first_points) && *lowest < losses.back();
}

/// Whether the losses climb out of a biased beginning: at every step, and far.
bool climbs_at_first(const std::vector<double>& losses) {
  if (losses.size() < fewest_points || !std::is_sorted(losses.begin(), losses.begin() + level_from / 2)) return false;
  return losses.front() > 0 &&
         losses.front() < biased_share * median({losses.begin() + level_from, losses.begin() + level_to});
}

bool starts_low(const std::vector<double>& losses) { return lowest_first(losses) || climbs_at_first(losses); }

/// What a rule would look at if nothing smoothed the losses of a trial; noise must not pass for a low start.
std::vector<double> looked_at(const Rule& rule, const Trial& trial, SuggestOptions options) {
  options.smoothing = 0;
  const std::vector<double> losses = rule.seen(trial, options).loss;
  return looks_smoothed(trial) ? losses : running_median(losses, 5);
}

/// What the rule's own smoothing makes of its rate.
std::string smoothed_again(const Answer& answer, const Rule& rule, const Evidence& evidence) {
  SuggestOptions unsmoothed = evidence.options;
  unsmoothed.smoothing = 0;
  const Answer plain = rule.answer({evidence.curve, evidence.trials, unsmoothed});
  if (!answer.lr || !plain.lr || *answer.lr == *plain.lr) return "";
  return "; the rule " + rule.name + " smooths them again and names " + text(*answer.lr) + " where it would name " +
         text(*plain.lr) + " without";
}

}  // namespace

bool looks_smoothed(const Trial& trial) {
  const std::vector<double> losses = finite(trial.loss);
  if (losses.size() < fewest_to_tell) return false;
  const std::optional<double> ratio = von_neumann_ratio(losses, stretch);
  return ratio && *ratio < smooth_ratio;
}

std::vector<Reason> smoothed_already(const Answer& answer, const Rule& rule, const Evidence& evidence) {
  if (!evidence.options.may_be_smoothed || !most(evidence.trials, looks_smoothed)) return {};
  const bool switched_off = evidence.options.smoothing == 0;
  const std::string lag(lag_of_averages);
  const bool lags = rule.name == "lrfind";
  if (switched_off && !lags) return {};
  if (switched_off) return {{"lagging", "Of smoothed losses, " + lag + "; give the raw losses.", false}};
  return {{"looks-smoothed",
           "The losses look smoothed already, or have hardly any noise" + smoothed_again(answer, rule, evidence) + ".",
           false,
           "if they are smoothed, set the smoothing to 0 or, better, give the raw losses" + (lags ? ": " + lag : ""),
           {{"lags", lags ? 1 : 0}}}};
}

std::vector<Reason> low_start(const Rule& rule, const Evidence& evidence) {
  if (!evidence.options.may_be_smoothed) return {};
  const Rule& whole = rule_named("lrfind");
  const auto low = [&](const Trial& trial) { return starts_low(looked_at(whole, trial, evidence.options)); };
  const auto seen = [&](const Trial& trial) { return starts_low(looked_at(rule, trial, evidence.options)); };
  const bool fatal = most(evidence.trials, seen);
  if (!fatal && !most(evidence.trials, low)) return {};
  const std::vector<double> losses = looked_at(fatal ? rule : whole, evidence.curve, evidence.options);
  const std::string what = std::string("The loss is ") +
                           (lowest_first(losses) ? "lowest" : "far lower than right after") + " at the lowest rates, " +
                           text(losses.front()) + " at " + text(evidence.curve.lr.front());
  if (!fatal)
    return {{"low-start",
             what + "; an average distorts its first points, which the rule " + rule.name + " passes over.", false}};
  return {{"low-start",
           what + ": either an average distorts its first points, or the sweep began past the rates to train "
                  "with.",
           true,
           "give the raw losses, leave out the first ten points, or lower the lowest rate",
           {{"loss", losses.front()}, {"lr", evidence.curve.lr.front()}}}};
}

}  // namespace lrfind::analysis
