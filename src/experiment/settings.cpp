#include "experiment/settings.hpp"

#include <lrfind/error.hpp>

#include <charconv>
#include <map>
#include <sstream>
#include <utility>

namespace lrfind::experiment {

namespace {

using train::OptimizerKind;

const std::map<std::string, OptimizerKind>& optimizer_kinds() {
  static const std::map<std::string, OptimizerKind> kinds = {{"sgd", OptimizerKind::sgd},
                                                             {"adam", OptimizerKind::adam},
                                                             {"adamw", OptimizerKind::adamw},
                                                             {"rmsprop", OptimizerKind::rmsprop},
                                                             {"adagrad", OptimizerKind::adagrad}};
  return kinds;
}

OptimizerKind optimizer_kind(const std::string& name) { return optimizer_kinds().at(name); }

train::Precision precision_of(const std::string& name) {
  static const std::map<std::string, train::Precision> precisions = {{"fp32", train::Precision::fp32},
                                                                     {"tf32", train::Precision::tf32},
                                                                     {"bf16", train::Precision::bf16},
                                                                     {"fp16", train::Precision::fp16}};
  return precisions.at(name);
}

std::pair<std::string, double> parse_lr_mult(const std::string& text) {
  const auto at = text.rfind('=');
  double factor = 0;
  const char* end = text.data() + text.size();
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) factor = -1;
  if (factor == 0) {
    const auto [stop, error] = std::from_chars(text.data() + at + 1, end, factor);
    if (error != std::errc() || stop != end) factor = -1;
  }
  if (factor < 0) {
    throw usage_error("--lr-mult is \"" + text +
                      "\"; it takes REGEX=FACTOR with a factor of at least 0, such as backbone=0.1");
  }
  return {text.substr(0, at), factor};
}

void check_momentum(const RecipeSettings& settings, const train::OptimizerOptions& optimizer) {
  const auto kind = optimizer.kind;
  const bool has_momentum = kind == OptimizerKind::sgd || kind == OptimizerKind::rmsprop;
  if (!has_momentum && optimizer.momentum != 0) {
    std::ostringstream text;
    text << "--momentum " << optimizer.momentum << " does not fit --optimizer " << settings.optimizer
         << ", which has none; leave it out" << (kind == OptimizerKind::adagrad ? "" : " (its own is --beta1)");
    throw usage_error(text.str());
  }
  if (optimizer.nesterov && (kind != OptimizerKind::sgd || optimizer.momentum == 0)) {
    throw usage_error("--nesterov needs --optimizer sgd with --momentum above 0");
  }
}

}  // namespace

std::string with_usual_rate(const std::string& optimizer) {
  return optimizer_kinds().contains(optimizer) ? optimizer : "";
}

RecipeSettings resolved(RecipeSettings settings) {
  const auto kind = optimizer_kind(settings.optimizer);
  if (!settings.momentum) settings.momentum = kind == OptimizerKind::sgd ? 0.9 : 0;
  if (!settings.weight_decay) settings.weight_decay = kind == OptimizerKind::adamw ? 0.01 : 0;
  return settings;
}

train::Recipe recipe_of(const RecipeSettings& chosen) {
  const auto settings = resolved(chosen);
  const auto kind = optimizer_kind(settings.optimizer);
  train::Recipe recipe;
  recipe.optimizer = {.kind = kind,
                      .momentum = *settings.momentum,
                      .nesterov = settings.nesterov,
                      .weight_decay = *settings.weight_decay,
                      .beta1 = settings.beta1,
                      .beta2 = settings.beta2,
                      .alpha = settings.alpha,
                      .eps = kind == OptimizerKind::adagrad ? 1e-10 : 1e-8};
  check_momentum(settings, recipe.optimizer);
  recipe.accumulate = static_cast<int>(settings.accumulate);
  recipe.grad_clip = settings.grad_clip;
  recipe.label_smoothing = settings.label_smoothing;
  recipe.precision = precision_of(settings.precision);
  recipe.freeze = settings.freeze;
  for (const auto& text : settings.lr_mult) recipe.lr_mult.push_back(parse_lr_mult(text));
  return recipe;
}

RangeTestOptions range_options(const SweepSettings& settings, std::uint64_t seed) {
  return {.min_lr = settings.min_lr,
          .max_lr = settings.max_lr,
          .steps = static_cast<int>(settings.steps),
          .spacing = settings.spacing == "linear" ? Spacing::linear : Spacing::exponential,
          .stop_factor = settings.stop_factor,
          .seed = seed};
}

SuggestOptions suggest_options(const SweepSettings& settings) {
  SuggestOptions options;
  options.rule = settings.rule;
  options.smoothing = settings.smoothing;
  options.steps = static_cast<std::size_t>(settings.steps);
  options.optimizer = settings.session.recipe.optimizer;
  options.momentum = *resolved(settings.session.recipe).momentum;
  return options;
}

}  // namespace lrfind::experiment
