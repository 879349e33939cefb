#include "experiment/settings.hpp"

#include <lrfind/error.hpp>

#include "platform/text.hpp"
#include "train/optimizer_facts.hpp"

#include <charconv>
#include <map>
#include <sstream>
#include <utility>

namespace lrfind::experiment {

namespace {

using train::OptimizerKind;

const train::OptimizerFacts& facts_of(const RecipeSettings& settings) {
  const auto* facts = train::find_optimizer(settings.optimizer);
  if (facts == nullptr) throw usage_error("--optimizer \"" + settings.optimizer + "\" is not known");
  return *facts;
}

std::string nesterov_optimizers() {
  std::vector<std::string> names;
  for (const auto& facts : train::optimizer_facts) {
    if (facts.nesterov) names.emplace_back(facts.name);
  }
  return joined(names, " or ");
}

// That of "auto" is chosen once the network is there (Session).
train::Precision precision_of(const std::string& name) {
  static const std::map<std::string, train::Precision> precisions = {{"auto", train::Precision::fp32},
                                                                     {"fp32", train::Precision::fp32},
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

void check_momentum(const train::OptimizerFacts& facts, const train::OptimizerOptions& optimizer) {
  if (!facts.momentum && optimizer.momentum != 0) {
    std::ostringstream text;
    text << "--momentum " << optimizer.momentum << " does not fit --optimizer " << facts.name
         << ", which has none; leave it out" << (facts.betas ? " (its own is --beta1)" : "");
    throw usage_error(text.str());
  }
  if (optimizer.nesterov && (!facts.nesterov || optimizer.momentum == 0)) {
    throw usage_error("--nesterov needs --optimizer " + nesterov_optimizers() + " with --momentum above 0" +
                      (facts.kind == OptimizerKind::nadam ? "; nadam's momentum is Nesterov's without it" : ""));
  }
}

}  // namespace

std::string with_usual_rate(const std::string& optimizer) {
  return train::find_optimizer(optimizer) != nullptr ? optimizer : "";
}

RecipeSettings resolved(RecipeSettings settings) {
  const auto& facts = facts_of(settings);
  if (!settings.momentum) settings.momentum = facts.momentum.value_or(0);
  if (!settings.weight_decay) settings.weight_decay = facts.weight_decay;
  if (!settings.beta2) settings.beta2 = facts.beta2;
  return settings;
}

train::Recipe recipe_of(const RecipeSettings& chosen) {
  const auto settings = resolved(chosen);
  const auto& facts = facts_of(settings);
  train::Recipe recipe;
  recipe.optimizer = {.kind = facts.kind,
                      .momentum = *settings.momentum,
                      .nesterov = settings.nesterov,
                      .weight_decay = *settings.weight_decay,
                      .beta1 = settings.beta1,
                      .beta2 = *settings.beta2,
                      .alpha = settings.alpha,
                      .eps = facts.eps};
  check_momentum(facts, recipe.optimizer);
  recipe.accumulate = static_cast<int>(settings.accumulate);
  recipe.grad_clip = settings.grad_clip;
  recipe.label_smoothing = settings.label_smoothing;
  recipe.sync_batchnorm = settings.sync_batchnorm;
  recipe.precision = precision_of(settings.precision);
  if (settings.memory_format == "contiguous") recipe.memory_format = train::MemoryFormat::contiguous;
  if (settings.memory_format == "channels-last") recipe.memory_format = train::MemoryFormat::channels_last;
  recipe.freeze = settings.freeze;
  for (const auto& text : settings.lr_mult) recipe.lr_mult.push_back(parse_lr_mult(text));
  return recipe;
}

std::vector<std::string> recipe_notes(const RecipeSettings& chosen) {
  const auto settings = resolved(chosen);
  const auto kind = facts_of(settings).kind;
  const bool layerwise = kind == OptimizerKind::lars || kind == OptimizerKind::lamb;
  if (!layerwise || *settings.weight_decay != 0) return {};
  return {"--weight-decay 0 turns the layer-wise rates of " + settings.optimizer + " off, as in timm: it trains as " +
          (kind == OptimizerKind::lars ? "sgd" : "adam with --grad-clip 1")};
}

RangeTestOptions range_options(const SweepSettings& settings, std::uint64_t seed) {
  return {.min_lr = settings.min_lr.value(),
          .max_lr = settings.max_lr,
          .steps = static_cast<int>(settings.steps.value()),
          .spacing = settings.spacing == "linear" ? Spacing::linear : Spacing::exponential,
          .stop_factor = settings.stop_factor,
          .seed = seed};
}

SuggestOptions suggest_options(const SweepSettings& settings) {
  SuggestOptions options;
  options.rule = settings.rule;
  options.smoothing = settings.smoothing;
  options.steps = static_cast<std::size_t>(settings.steps.value_or(0));
  options.optimizer = settings.session.recipe.optimizer;
  options.momentum = *resolved(settings.session.recipe).momentum;
  return options;
}

}  // namespace lrfind::experiment
