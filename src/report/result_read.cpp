// From JSON to a result. Every value is taken through a Node, which knows the key's full name for the error sentence.
#include <lrfind/error.hpp>
#include "platform/did_you_mean.hpp"
#include "platform/excerpt.hpp"
#include "platform/parse_json.hpp"
#include "platform/read_file.hpp"
#include "report/measurements.hpp"
#include "report/result.hpp"

#include <array>
#include <climits>
#include <cmath>
#include <set>

namespace lrfind::report {
namespace {

class Node {
 public:
  Node(const Json& json, std::string name) : json_(&json), name_(std::move(name)) {}

  [[noreturn]] void fail(const std::string& wanted) const {
    const std::string got = json_->is_structured() ? std::string(json_->type_name()) : excerpt(json_text(*json_));
    throw data_error("'" + name_ + "' must be " + wanted + ", got " + got);
  }

  bool has(const char* key) const { return object().contains(key); }

  Node at(const char* key) const {
    const std::string full = full_name(key);
    const auto found = object().find(key);
    if (found == json_->end()) throw data_error("the key '" + full + "' is missing");
    return {*found, full};
  }

  /// Its members in turn; to look each up by its key would take the square of their number.
  template <typename Take>
  void each_member(const Take& take) const {
    for (const auto& [key, value] : object().items()) take(key, Node(value, full_name(excerpt(key))));
  }

  Node at(std::size_t i) const { return {(*json_)[i], name_ + "[" + std::to_string(i) + "]"}; }

  std::size_t size() const {
    if (!json_->is_array()) fail("an array");
    return json_->size();
  }

  const Json& object() const {
    if (!json_->is_object()) {
      if (name_.empty()) throw data_error("it is not a JSON object");
      fail("an object");
    }
    return *json_;
  }

  std::string text() const {
    if (!json_->is_string()) fail("a string");
    return json_->get<std::string>();
  }

  bool says(const char* word) const { return json_->is_string() && json_->get_ref<const std::string&>() == word; }

  bool truth() const {
    if (!json_->is_boolean()) fail("true or false");
    return json_->get<bool>();
  }

  std::int64_t count() const {
    if (!json_->is_number_integer() || json_->get<std::int64_t>() < 0) fail("a whole number of at least 0");
    return json_->get<std::int64_t>();
  }

  int small_count() const {
    const std::int64_t value = count();
    if (value > INT_MAX) fail("a whole number of at most " + std::to_string(INT_MAX));
    return static_cast<int>(value);
  }

  bool is_null() const { return json_->is_null(); }

  std::uint64_t seed() const {
    if (!json_->is_number_unsigned()) fail("a whole number of at least 0");
    return json_->get<std::uint64_t>();
  }

  double number() const {
    if (json_->is_null()) return not_measured;
    if (!json_->is_number()) fail("a number or null");
    return json_->get<double>();
  }

  std::optional<double> optional_number() const {
    if (json_->is_null()) return std::nullopt;
    return number();
  }

  std::optional<double> optional_rate() const {
    const std::optional<double> rate = optional_number();
    if (rate && !(*rate > 0)) fail("null or a number above 0");
    return rate;
  }

  double number_within(double lowest, double highest) const {
    const double value = json_->is_number() ? json_->get<double>() : not_measured;
    if (!(value >= lowest && value <= highest)) {
      fail("a number from " + Json(lowest).dump() + " to " + Json(highest).dump());
    }
    return value;
  }

  std::vector<double> numbers() const {
    std::vector<double> values(size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = at(i).number();
    return values;
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> values(size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = at(i).text();
    return values;
  }

  /// Of `length` entries, or empty when the key is missing and need not be there.
  std::vector<double> numbers_beside(const char* key, std::size_t length, bool needed) const {
    if (!needed && !has(key)) return {};
    const Node array = at(key);
    if (array.size() != length) {
      throw data_error("'" + array.name_ + "' must have as many entries as 'lr' beside it (" + std::to_string(length) +
                       "), got " + std::to_string(array.size()));
    }
    return array.numbers();
  }

  std::vector<double> rates(const char* key) const {
    const Node array = at(key);
    std::vector<double> values = array.numbers();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i]) || values[i] <= 0) array.at(i).fail("a number above 0");
    }
    return values;
  }

  const std::string& name() const { return name_; }

 private:
  std::string full_name(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }

  const Json* json_;
  std::string name_;
};

Tool read_tool(const Node& node) {
  Tool tool;
  if (node.has("version")) tool.version = node.at("version").text();
  if (node.has("libtorch")) tool.libtorch = node.at("libtorch").text();
  if (node.has("opencv")) tool.opencv = node.at("opencv").text();
  if (node.has("device")) tool.device = node.at("device").text();
  if (node.has("threads")) tool.threads = node.at("threads").small_count();
  if (node.has("host")) tool.host = node.at("host").text();
  if (node.has("blas")) tool.blas = node.at("blas").text();
  if (node.has("ranks")) tool.ranks = static_cast<int>(node.at("ranks").number_within(1, 1e6));
  return tool;
}

std::vector<FileProblem> read_problems(const Node& node) {
  std::vector<FileProblem> problems;
  for (std::size_t i = 0; i < node.size(); ++i) {
    problems.push_back({node.at(i).at("path").text(), node.at(i).at("error").text()});
  }
  return problems;
}

std::vector<double> read_class_counts(const Node& node) {
  std::vector<double> counts = node.numbers();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (!(counts[i] >= 0)) node.at(i).fail("a number of at least 0");
  }
  return counts;
}

Dataset read_dataset(const Node& node) {
  Dataset dataset;
  dataset.path = node.at("path").text();
  dataset.format = node.at("format").text();
  dataset.classes = node.at("classes").texts();
  dataset.train_images = node.at("train_images").count();
  dataset.val_images = node.at("val_images").count();
  if (node.has("class_counts")) dataset.class_counts = read_class_counts(node.at("class_counts"));
  dataset.unreadable = read_problems(node.at("unreadable"));
  if (node.has("misnamed")) dataset.misnamed = read_problems(node.at("misnamed"));
  if (node.has("ignored_files")) dataset.ignored_files = node.at("ignored_files").count();
  if (node.has("normalization")) {
    const Node normalization = node.at("normalization");
    dataset.normalization = {normalization.at("mean").numbers(), normalization.at("std").numbers()};
  }
  if (node.has("notes")) dataset.notes = node.at("notes").texts();
  return dataset;
}

Trial read_measured(const Node& node) {
  Trial trial;
  trial.lr = node.rates("lr");
  trial.loss = node.numbers_beside("loss", trial.lr.size(), true);
  for (const auto& [name, values] : measurements) {
    trial.*values = node.numbers_beside(name, trial.lr.size(), false);
  }
  return trial;
}

Stopped read_stopped(const Node& node) {
  const std::string text = node.text();
  for (const Stopped stopped : {Stopped::completed, Stopped::diverged, Stopped::interrupted}) {
    if (to_string(stopped) == text) return stopped;
  }
  node.fail("\"completed\", \"diverged\" or \"interrupted\"");
}

std::optional<Interval> read_interval(const Node& node) {
  if (node.is_null()) return std::nullopt;
  const std::vector<double> ends = node.numbers();
  if (ends.size() != 2) node.fail("null or an array of two numbers");
  if (!(ends[0] > 0 && ends[0] <= ends[1] && std::isfinite(ends[1]))) {
    node.fail("null or two numbers above 0, the lower first");
  }
  return Interval{ends[0], ends[1]};
}

Suggestion read_suggestion(const Node& node) {
  Suggestion suggestion;
  suggestion.lr = node.at("lr").optional_rate();
  suggestion.interval = read_interval(node.at("interval"));
  suggestion.min_lr = node.at("min_lr").optional_rate();
  suggestion.max_lr = node.at("max_lr").optional_rate();
  suggestion.rule = node.at("rule").text();
  suggestion.trusted = node.at("trusted").truth();
  const Node reasons = node.at("reasons");
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const Node reason = reasons.at(i);
    const bool fatal = !reason.has("fatal") || reason.at("fatal").truth();
    suggestion.reasons.push_back({reason.at("code").text(), reason.at("message").text(), fatal});
  }
  node.at("by_rule").each_member(
      [&](const std::string& rule, const Node& lr) { suggestion.by_rule[rule] = lr.optional_number(); });
  return suggestion;
}

Timing read_timing(const Node& node) {
  Timing timing;
  node.each_member([&](const std::string& name, const Node& seconds) {
    const double value = seconds.number();
    if (name == "startup_s")
      timing.startup_s = value;
    else if (name == "index_s")
      timing.index_s = value;
    else if (name == "sweep_s")
      timing.sweep_s = value;
    else if (name == "total_s")
      timing.total_s = value;
    else if (name == "images_per_s")
      timing.images_per_s = value;
    else
      timing.more[name] = value;
  });
  return timing;
}

/// The options that analysis, schedules and verify rely on; others are kept as they are.
void check_config(const Node& config) {
  for (const char* key : {"batch-size", "accumulate", "steps"}) {
    if (!config.has(key)) continue;
    const Node entry = config.at(key);
    if (entry.small_count() == 0) entry.fail("a whole number of at least 1");
  }
  if (config.has("seed")) config.at("seed").count();
  if (config.has("label-smoothing")) config.at("label-smoothing").number_within(0, 1);
  for (const char* key : {"momentum", "weight-decay", "beta1", "beta2", "alpha"}) {
    if (config.has(key) && !config.at(key).says("auto")) config.at(key).number_within(0, 10);
  }
  for (const char* key : {"class-weights", "optimizer", "rule", "metric"}) {
    if (config.has(key)) config.at(key).text();
  }
  if (config.has("nesterov")) config.at("nesterov").truth();
}

void read_trials(const Node& node, Result& result) {
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node entry = node.at(i);
    Trial trial = read_measured(entry);
    trial.seed = entry.at("seed").seed();
    trial.stopped = read_stopped(entry.at("stopped"));
    result.trials.push_back(std::move(trial));
    result.trial_rates.push_back(entry.has("suggested_lr") ? entry.at("suggested_lr").optional_number() : std::nullopt);
  }
}

const std::set<std::string>& own_keys() {
  static const std::set<std::string> keys = {"schema", "complete", "tool",       "config", "dataset",
                                             "model",  "curve",    "suggestion", "timing", "trials"};
  return keys;
}

}  // namespace

Result from_json(const Json& json) {
  const Node root(json, "");
  if (const Node schema = root.at("schema"); schema.text() != "lrfind/result/1") schema.fail("\"lrfind/result/1\"");
  Result result;
  result.complete = root.at("complete").truth();
  result.tool = read_tool(root.at("tool"));
  result.config = root.at("config").object();
  check_config(root.at("config"));
  result.dataset = read_dataset(root.at("dataset"));
  const Node model = root.at("model");
  result.model = {model.at("name").text(), model.at("parameters").count(), model.at("classes").count()};
  const Node curve = root.at("curve");
  result.curve = read_measured(curve);
  result.smoothed_loss = curve.numbers_beside("smoothed_loss", result.curve.lr.size(), true);
  read_trials(root.at("trials"), result);
  result.suggestion = read_suggestion(root.at("suggestion"));
  result.timing = read_timing(root.at("timing"));
  for (const auto& item : json.items()) {
    if (!own_keys().contains(item.key())) append_member(result.sections, item.key(), item.value());
  }
  return result;
}

Result parse_result(std::string_view text, const std::string& source) {
  try {
    return result_from_json(parse_json(text), source);
  } catch (const JsonError& error) {
    throw data_error("'" + source + "' " + error.what() + "; a result of 'lrfind sweep -o' is expected");
  }
}

Result result_from_json(const Json& json, const std::string& source) {
  try {
    return from_json(json);
  } catch (const Error& error) {
    throw data_error("'" + source + "' is not a result of lrfind: " + error.what());
  }
}

std::string read_result_text(const std::string& path) {
  std::string text;
  const std::string problem = data::read_file(path, text, largest_result);
  if (!problem.empty()) {
    throw data_error("'" + path + "' " + problem + (problem == "is a folder" ? ", not a result file" : "") +
                     (problem == "is a folder" ? "" : "; a result of 'lrfind sweep -o' is expected") +
                     did_you_mean_path(path));
  }
  return text;
}

Result read_result(const std::string& path) { return parse_result(read_result_text(path), path); }

}  // namespace lrfind::report
