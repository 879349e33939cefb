#include "experiment/saved_curves.hpp"
#include <lrfind/error.hpp>

#include "experiment/analyse.hpp"
#include "experiment/settings.hpp"
#include "platform/did_you_mean.hpp"
#include "platform/excerpt.hpp"
#include "platform/read_file.hpp"
#include "report/csv.hpp"
#include "report/foreign_curve.hpp"
#include "train/optimizer_facts.hpp"

#include <lrfind/suggest.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace lrfind::experiment {

namespace {

std::string read_text(const std::string& path) {
  const std::string wanted = "; a result of lrfind sweep, or a curve as CSV or JSON, is needed";
  std::string text;
  const std::string problem = data::read_file(path, text, report::largest_result);
  if (!problem.empty()) throw data_error("\"" + path + "\" " + problem + wanted + did_you_mean_path(path));
  return text;
}

bool is_result(const report::Json& json) {
  if (!json.is_object()) return false;
  const auto schema = json.find("schema");
  return (schema != json.end() && schema->is_string()) || json.contains("suggestion");
}

report::Result read_result(const report::Json& json, const std::string& path) {
  report::Result result = report::result_from_json(json, path);
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    report::require_rising(result.trials[i].lr, [&](std::size_t step) {
      return "'trials[" + std::to_string(i) + "].lr[" + std::to_string(step) + "]' of '" + path + "'";
    });
  }
  return result;
}

report::Result read_curve(const std::string& path) {
  const std::string text = read_text(path);
  const auto first = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  report::Result result;
  result.dataset.path = path;
  if (first != std::string::npos && (text[first] == '{' || text[first] == '[')) {
    const report::Json json = report::parse_foreign_json(std::string_view(text).substr(first), path);
    if (is_result(json)) return read_result(json, path);
    result.trials.push_back(report::curve_from_json(json, path));
  } else {
    result.trials.push_back(report::curve_from_csv(text, path));
  }
  return result;
}

/// Every sweep of lrfind says which version it was; curves of other tools have none to say.
bool of_another_tool(const report::Result& result) { return result.tool.version.empty(); }

/// Steps that another tool's sweep was planned for: where it seems to have been stopped by divergence, as many as its
/// rates need up to 10, where these tools end by default.
std::size_t planned_steps(const Trial& curve, double smoothing) {
  constexpr double usual_end = 10, stop_factor = 4;
  const std::size_t size = curve.lr.size();
  const std::vector<double> smoothed = smooth(curve.loss, smoothing);
  const double lowest = *std::min_element(smoothed.begin(), smoothed.end());
  const bool stopped = !std::isfinite(curve.loss.back()) || smoothed.back() > stop_factor * lowest;
  if (size < 3 || curve.lr.back() >= usual_end || !stopped) return size;
  const auto decades = [&](double rate) { return std::log10(rate / curve.lr.front()); };
  const double step = decades(curve.lr.back()) / static_cast<double>(size - 1);
  const std::size_t middle = size / 2;
  const bool geometric = std::abs(decades(curve.lr[middle]) - step * static_cast<double>(middle)) < 2 * step;
  return geometric ? static_cast<std::size_t>(std::lround(decades(usual_end) / step)) + 1 : size;
}

/// Sets a key of the config to what was given on the command line. What a sweep was measured with cannot be changed.
void state(report::Result& result, const std::string& key, const report::Json& value) {
  const auto known = result.config.find(key);
  if (known != result.config.end() && *known != value && !of_another_tool(result)) {
    throw usage_error("--" + key + " " + (value.is_string() ? value.get<std::string>() : value.dump()) +
                      " is not what the sweep was measured with, " + excerpt(known->dump()));
  }
  result.config[key] = value;
}

std::string config_text(const report::Result& result, const std::string& key, const std::string& otherwise) {
  const auto found = result.config.find(key);
  return found != result.config.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

/// The same, of a word that must be one of these.
std::string config_word(const report::Result& result, const std::string& key, const std::string& otherwise,
                        const std::vector<std::string>& words) {
  const std::string word = config_text(result, key, otherwise);
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  throw data_error("'config." + key + "' of \"" + result.dataset.path + "\" is \"" + excerpt(word) +
                   "\", which this lrfind does not know; choose another with --" + key);
}

}  // namespace

report::Result read_curves(const std::vector<std::string>& paths) {
  report::Result result = read_curve(paths.front());
  for (auto path = paths.begin() + 1; path != paths.end(); ++path) {
    report::Result other = read_curve(*path);
    std::move(other.trials.begin(), other.trials.end(), std::back_inserter(result.trials));
    result.complete = result.complete && other.complete;
  }
  return result;
}

void state_steps(report::Result& result, std::int64_t steps) {
  if (steps > 0) state(result, "steps", steps);
}

void state_optimizer(report::Result& result, const std::string& optimizer, std::optional<double> momentum) {
  const std::string known = config_text(result, "optimizer", "");
  const std::string used = optimizer.empty() ? known : optimizer;
  if (momentum && used.empty()) throw usage_error("--momentum needs --optimizer, for example --optimizer sgd");
  const auto* facts = train::find_optimizer(used);
  if (momentum && *momentum != 0 && (facts == nullptr || !facts->momentum)) {
    throw usage_error("--momentum " + report::Json(*momentum).dump() + " does not fit --optimizer " + used +
                      ", which has none of that kind");
  }
  if (!optimizer.empty()) state(result, "optimizer", optimizer);
  if (momentum) state(result, "momentum", *momentum);
  if (!optimizer.empty() && !result.config.contains("momentum")) {
    result.config["momentum"] = facts->momentum.value_or(0);
  }
}

std::optional<std::string> assumed(const report::Result& result, bool momentum_given) {
  if (!of_another_tool(result)) return std::nullopt;
  const std::string optimizer = config_text(result, "optimizer", "");
  if (optimizer.empty()) {
    return "the optimizer is not known, so that the rate rests on the curve alone; --optimizer and --momentum tell it";
  }
  const auto* facts = train::find_optimizer(optimizer);
  if (facts == nullptr || facts->momentum.value_or(0) == 0 || momentum_given) return std::nullopt;
  return optimizer + " is taken to have a momentum of " + result.config["momentum"].dump() +
         "; --momentum tells another";
}

void analyse_again(report::Result& result, const AnalysisSettings& settings) {
  SuggestOptions options;
  options.rule = settings.rule.empty() ? config_word(result, "rule", options.rule, rule_names()) : settings.rule;
  options.smoothing = settings.smoothing;
  options.may_be_smoothed = of_another_tool(result);
  const auto steps = result.config.find("steps");
  if (steps != result.config.end() && steps->is_number_integer()) {
    options.steps = steps->get<std::size_t>();
  } else if (of_another_tool(result) && !result.trials.empty()) {
    options.steps = planned_steps(result.trials.front(), options.smoothing);
  }
  options.optimizer = with_usual_rate(config_text(result, "optimizer", ""));
  const auto momentum = result.config.find("momentum");
  if (momentum != result.config.end() && momentum->is_number()) options.momentum = momentum->get<double>();
  options.images = image_facts(result);
  const std::string metric =
      settings.metric.empty() ? config_word(result, "metric", "train-loss", metric_names()) : settings.metric;
  const auto measured = [&](const Trial& trial) { return trial.lr.empty() || !curve_of(trial, metric).lr.empty(); };
  if (!settings.metric.empty() && std::none_of(result.trials.begin(), result.trials.end(), measured)) {
    throw data_error("\"" + result.dataset.path + "\" was measured without " + metric + "; choose another --metric");
  }
  analyse(result, options, metric);
}

}  // namespace lrfind::experiment
