#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "analysis/diagnosis.hpp"
#include "analysis/images.hpp"
#include "analysis/interval.hpp"
#include "analysis/rules.hpp"
#include "analysis/shape.hpp"
#include "analysis/smoothed_losses.hpp"
#include "analysis/text.hpp"

namespace lrfind {

namespace {

using analysis::Answer;
using analysis::Shape;

void require_fitting(const std::vector<double>& values, const Trial& trial, const char* name) {
  if (values.empty() || values.size() == trial.lr.size()) return;
  throw std::invalid_argument(std::string("the curve has ") + std::to_string(trial.lr.size()) + " rates but " +
                              std::to_string(values.size()) + " values of " + name + "; there must be one for each");
}

void require_valid(const Trial& trial) {
  if (trial.loss.size() != trial.lr.size())
    throw std::invalid_argument("the curve has " + std::to_string(trial.lr.size()) + " rates but " +
                                std::to_string(trial.loss.size()) + " losses; there must be one for each");
  require_fitting(trial.probe_loss, trial, "probe_loss");
  require_fitting(trial.gain_ratio, trial, "gain_ratio");
  require_fitting(trial.alignment, trial, "alignment");
  require_fitting(trial.val_loss, trial, "val_loss");
  require_fitting(trial.val_accuracy, trial, "val_accuracy");
  for (std::size_t i = 0; i < trial.lr.size(); ++i) {
    const bool rises = i == 0 || trial.lr[i] > trial.lr[i - 1];
    if (std::isfinite(trial.lr[i]) && trial.lr[i] > 0 && rises) continue;
    throw std::invalid_argument("the rate of point " + std::to_string(i + 1) + " is " + analysis::exact(trial.lr[i]) +
                                (i > 0 ? ", after " + analysis::exact(trial.lr[i - 1]) : "") +
                                "; rates must be positive and each above the one before");
  }
}

bool any_fatal(const std::vector<Reason>& reasons) {
  return std::any_of(reasons.begin(), reasons.end(), [](const Reason& reason) { return reason.fatal; });
}

/// Adds the reasons whose codes are new.
void append(std::vector<Reason>& reasons, const std::vector<Reason>& more) {
  for (const Reason& reason : more) {
    const auto same = [&](const Reason& other) { return other.code == reason.code; };
    if (std::none_of(reasons.begin(), reasons.end(), same)) reasons.push_back(reason);
  }
}

/// Bounds for a cycle that the rule left open: from where the loss begins to fall, up to a third of the rate where its
/// level, smoothed without lag, is lowest. The lowest point is past the best rate, because the loss goes on falling
/// for some steps on what lower rates have begun.
void fill_bounds(Suggestion& suggestion, const Answer& answer, const Shape& shape) {
  suggestion.min_lr = answer.min_lr;
  suggestion.max_lr = answer.max_lr;
  if ((answer.min_lr && answer.max_lr) || !shape.fell()) return;
  const double lowest = shape.lr[shape.lowest_at];
  const double low = answer.min_lr.value_or(std::min(shape.lr[shape.fall_begins_at()], *suggestion.lr));
  const double high = answer.max_lr.value_or(std::max({lowest / 3, *suggestion.lr, low}));
  suggestion.min_lr = low;
  suggestion.max_lr = high;
}

}  // namespace

Suggestion suggest(const std::vector<Trial>& all_trials, const SuggestOptions& options) {
  const analysis::Rule& rule = analysis::rule_named(options.rule);
  if (!(options.smoothing >= 0 && options.smoothing < 1))
    throw std::invalid_argument("the smoothing factor is " + analysis::exact(options.smoothing) +
                                ", outside of [0, 1)");
  std::vector<Trial> trials;  // without those that were interrupted before their first step
  for (const Trial& trial : all_trials) {
    require_valid(trial);
    if (!trial.lr.empty()) trials.push_back(trial);
  }
  const Trial curve = aggregate(trials);
  const analysis::Evidence evidence{curve, trials, options};

  Suggestion suggestion;
  suggestion.rule = rule.name;
  for (const analysis::Rule& each : analysis::rules()) suggestion.by_rule[each.name] = each.answer(evidence).lr;

  const Answer answer = rule.answer(evidence);
  suggestion.lr = answer.lr;
  suggestion.plan = answer.plan;
  // A sweep that began past the rates to train with shows nothing else.
  if (answer.lr && answer.evidence_width) suggestion.reasons = analysis::below_sweep(*answer.lr, curve);
  if (suggestion.reasons.empty()) suggestion.reasons = analysis::diagnose(trials, options);
  append(suggestion.reasons, analysis::low_start(rule, evidence));
  if (answer.lr) {
    const Shape shape = analysis::shape_of(curve);
    suggestion.interval = answer.interval ? answer.interval : analysis::interval_of(answer, rule, evidence);
    if (!any_fatal(suggestion.reasons)) append(suggestion.reasons, analysis::disagreement(answer));
    append(suggestion.reasons, analysis::smoothed_already(answer, rule, evidence));
    // The usual rate may draw that of lrfind out of the descent, which is no mistake.
    if (!answer.evidence_width) append(suggestion.reasons, analysis::misplaced(*answer.lr, rule.name, shape));
    fill_bounds(suggestion, answer, shape);
  } else if (suggestion.reasons.empty()) {
    suggestion.reasons.push_back(
        {"too-few-points",
         "The rule " + rule.name + " needs more points than the " + std::to_string(curve.lr.size()) + " of this curve.",
         true,
         "raise the number of steps or choose another rule",
         {{"points", static_cast<double>(curve.lr.size())}}});
  }
  if (options.images) append(suggestion.reasons, analysis::diagnose_images(*options.images, curve.lr.size()));
  suggestion.trusted = !any_fatal(suggestion.reasons);
  return suggestion;
}

double interval_half_width_decades(const Suggestion& suggestion) {
  if (!suggestion.interval) return std::numeric_limits<double>::infinity();
  return std::log10(suggestion.interval->hi / suggestion.interval->lo) / 2;
}

Suggestion suggest(const std::vector<double>& lr, const std::vector<double>& loss, const SuggestOptions& options) {
  Trial trial;
  trial.lr = lr;
  trial.loss = loss;
  return suggest(std::vector<Trial>{trial}, options);
}

}  // namespace lrfind
