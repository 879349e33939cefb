#include "experiment/analyse.hpp"

#include "report/reasons.hpp"

#include <cmath>

namespace lrfind::experiment {

std::vector<std::string> metric_names() { return {"train-loss", "probe-loss", "val-loss", "val-accuracy"}; }

Trial curve_of(const Trial& trial, const std::string& metric) {
  if (metric == "train-loss") return trial;
  Trial curve;
  curve.seed = trial.seed;
  curve.stopped = trial.stopped;
  const auto& values = metric == "probe-loss" ? trial.probe_loss
                       : metric == "val-loss" ? trial.val_loss
                                              : trial.val_accuracy;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    curve.lr.push_back(trial.lr[i]);
    curve.loss.push_back(metric == "val-accuracy" ? 1 - values[i] : values[i]);
    if (!trial.alignment.empty()) curve.alignment.push_back(trial.alignment[i]);
    if (!trial.gain_ratio.empty()) curve.gain_ratio.push_back(trial.gain_ratio[i]);
    if (!trial.probe_loss.empty()) curve.probe_loss.push_back(trial.probe_loss[i]);
  }
  return curve;
}

ImageFacts image_facts(const report::Result& result) {
  const auto number = [&](const std::string& key, double otherwise) {
    const auto found = result.config.find(key);
    return found != result.config.end() && found->is_number() ? found->get<double>() : otherwise;
  };
  ImageFacts facts;
  facts.train_images = static_cast<std::size_t>(result.dataset.train_images);
  facts.images_per_step = static_cast<std::size_t>(number("batch-size", 0) * number("accumulate", 1)) *
                          static_cast<std::size_t>(result.tool.ranks);
  facts.class_counts = result.dataset.class_counts;
  facts.label_smoothing = number("label-smoothing", 0);
  const auto weights = result.config.find("class-weights");
  if (weights != result.config.end() && *weights == "balanced") {
    facts.class_weights = balanced_weights(facts.class_counts);
  }
  return facts;
}

std::vector<double> balanced_weights(const std::vector<double>& class_counts) {
  double total = 0;
  for (const double count : class_counts) total += count;
  std::vector<double> weights;
  for (const double count : class_counts) {
    weights.push_back(count == 0 ? 0 : total / (static_cast<double>(class_counts.size()) * count));
  }
  return weights;
}

void analyse(report::Result& result, const SuggestOptions& chosen, const std::string& metric) {
  SuggestOptions options = chosen;
  // What guessing would cost is known of a cross-entropy, not of an error rate.
  if (metric == "val-accuracy") options.images.reset();
  std::vector<Trial> curves;
  result.trial_rates.clear();
  for (const auto& trial : result.trials) {
    const auto curve = curve_of(trial, metric);
    result.trial_rates.push_back(curve.lr.empty() ? std::nullopt : lrfind::suggest({curve}, options).lr);
    if (!curve.lr.empty()) curves.push_back(curve);
  }
  result.curve = aggregate(result.trials);
  result.smoothed_loss = smooth(result.curve.loss, options.smoothing);
  result.suggestion = {};
  result.suggestion.rule = options.rule;
  if (!curves.empty()) result.suggestion = report::with_flags(lrfind::suggest(curves, options));
  if (!options.plan.assumed && result.suggestion.lr && !result.suggestion.plan) {
    result.suggestion.reasons.push_back({"plan-not-used",
                                         "the rule " + options.rule +
                                             " says the same for every plan; only the rule "
                                             "lrfind takes account of the length of the training",
                                         false});
  }
  if (result.complete) return;
  result.suggestion.trusted = false;
  result.suggestion.reasons.push_back(
      {"incomplete", "the sweep did not finish, so the suggestion rests on part of the curve; run it again to the end",
       true});
}

}  // namespace lrfind::experiment
