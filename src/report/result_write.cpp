// From a result to its JSON, and from JSON to text.
#include "platform/parse_json.hpp"
#include "report/measurements.hpp"
#include "report/result.hpp"
#include "report/text.hpp"
#include "schedule/suggested_rate.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::report {
namespace {

Json numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.push_back(number_or_null(value));
  return array;
}

void add_measurements(Json& object, const Trial& trial) {
  for (const auto& [name, values] : measurements) {
    if (!(trial.*values).empty()) object[name] = numbers(trial.*values);
  }
}

Json tool_json(const Tool& tool) {
  return {{"version", tool.version}, {"libtorch", tool.libtorch}, {"opencv", tool.opencv}, {"device", tool.device},
          {"threads", tool.threads}, {"host", tool.host},         {"blas", tool.blas},     {"ranks", tool.ranks}};
}

Json problems_json(const std::vector<FileProblem>& problems) {
  Json array = Json::array();
  for (const FileProblem& problem : problems) array.push_back(Json{{"path", problem.path}, {"error", problem.error}});
  return array;
}

Json dataset_json(const Dataset& dataset) {
  Json json;
  json["path"] = dataset.path;
  json["format"] = dataset.format;
  json["classes"] = dataset.classes;
  json["train_images"] = dataset.train_images;
  json["val_images"] = dataset.val_images;
  json["class_counts"] = numbers(dataset.class_counts);
  json["unreadable"] = problems_json(dataset.unreadable);
  json["misnamed"] = problems_json(dataset.misnamed);
  json["ignored_files"] = dataset.ignored_files;
  json["normalization"] = {{"mean", numbers(dataset.normalization.mean)}, {"std", numbers(dataset.normalization.std)}};
  json["notes"] = dataset.notes;
  return json;
}

Json curve_json(const Result& result) {
  Json json;
  json["lr"] = numbers(result.curve.lr);
  json["loss"] = numbers(result.curve.loss);
  json["smoothed_loss"] = numbers(result.smoothed_loss);
  add_measurements(json, result.curve);
  return json;
}

Json trial_json(const Trial& trial, const std::optional<double>& suggested_lr) {
  Json json;
  json["seed"] = trial.seed;
  json["lr"] = numbers(trial.lr);
  json["loss"] = numbers(trial.loss);
  add_measurements(json, trial);
  json["stopped"] = std::string(to_string(trial.stopped));
  json["suggested_lr"] = number_or_null(suggested_lr);
  return json;
}

Json plan_json(const Suggestion& suggestion) {
  const auto& [plan, longer_lr, longer_max_lr] = *suggestion.plan;
  return {{"steps", plan.steps},
          {"epochs", number_or_null(plan.epochs)},
          {"schedule", plan.schedule.empty() ? Json(nullptr) : Json(plan.schedule)},
          {"assumed", plan.assumed},
          {"lr", number_or_null(train::planned_rate(suggestion))},
          {"ten_times_longer", {{"lr", number_or_null(longer_lr)}, {"max_lr", number_or_null(longer_max_lr)}}}};
}

Json suggestion_json(const Suggestion& suggestion) {
  Json json;
  json["lr"] = number_or_null(suggestion.lr);
  json["interval"] = nullptr;
  if (suggestion.interval) json["interval"] = numbers({suggestion.interval->lo, suggestion.interval->hi});
  json["min_lr"] = number_or_null(suggestion.min_lr);
  json["max_lr"] = number_or_null(suggestion.max_lr);
  json["rule"] = suggestion.rule;
  json["trusted"] = suggestion.trusted;
  if (suggestion.plan) json["plan"] = plan_json(suggestion);
  json["reasons"] = Json::array();
  for (const Reason& reason : suggestion.reasons) {
    json["reasons"].push_back(Json{{"code", reason.code}, {"message", reason.message}, {"fatal", reason.fatal}});
  }
  json["by_rule"] = Json::object();
  for (const auto& [rule, lr] : suggestion.by_rule) json["by_rule"][rule] = number_or_null(lr);
  return json;
}

Json timing_json(const Timing& timing) {
  Json json;
  json["startup_s"] = number_or_null(timing.startup_s);
  json["index_s"] = number_or_null(timing.index_s);
  json["sweep_s"] = number_or_null(timing.sweep_s);
  json["total_s"] = number_or_null(timing.total_s);
  json["images_per_s"] = number_or_null(timing.images_per_s);
  for (const auto& [name, seconds] : timing.more) json[name] = number_or_null(seconds);
  return json;
}

void append(std::string& text, const Json& json, const std::string& margin) {
  const bool nested = std::any_of(json.begin(), json.end(), [](const Json& entry) { return entry.is_structured(); });
  if (!json.is_structured() || json.empty()) {
    text += json_text(json);
    return;
  }
  if (json.is_array() && !nested) {
    text += '[';
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (i > 0) text += ", ";
      text += json_text(json[i]);
    }
    text += ']';
    return;
  }
  const std::string inner = margin + "  ";
  text += json.is_array() ? "[" : "{";
  const char* separator = "\n";
  for (const auto& item : json.items()) {
    text += separator + inner;
    if (json.is_object()) text += json_text(item.key()) + ": ";
    append(text, item.value(), inner);
    separator = ",\n";
  }
  text += '\n' + margin + (json.is_array() ? ']' : '}');
}

}  // namespace

Json number_or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json to_json(const Result& result) {
  Json json;
  json["schema"] = "lrfind/result/1";
  json["complete"] = result.complete;
  json["tool"] = tool_json(result.tool);
  json["config"] = result.config;
  json["dataset"] = dataset_json(result.dataset);
  json["model"] = {
      {"name", result.model.name}, {"parameters", result.model.parameters}, {"classes", result.model.classes}};
  json["suggestion"] = suggestion_json(result.suggestion);
  json["timing"] = timing_json(result.timing);
  for (const auto& item : result.sections.items()) append_member(json, item.key(), item.value());
  json["curve"] = curve_json(result);
  json["trials"] = Json::array();
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    const bool suggested = i < result.trial_rates.size();
    json["trials"].push_back(trial_json(result.trials[i], suggested ? result.trial_rates[i] : std::nullopt));
  }
  return json;
}

std::string to_text(const Json& json) {
  std::string text;
  append(text, json, "");
  return json_printable(text) + '\n';
}

std::string to_text(const Result& result) { return to_text(to_json(result)); }

}  // namespace lrfind::report
