#include "command/saved_curves.hpp"

#include "command/metric.hpp"
#include "report/csv.hpp"

#include <lrfind/suggest.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace lrfind::command {

namespace {

report::Result read_curve(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw report::ResultError("\"" + path + "\" cannot be read; a result of lrfind sweep or a CSV is needed");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') return report::parse_result(text, path);
  report::Result result;
  result.dataset.path = path;
  result.trials.push_back(report::curve_from_csv(text, path));
  return result;
}

std::string config_text(const report::Result& result, const std::string& key, const std::string& otherwise) {
  const auto found = result.config.find(key);
  return found != result.config.end() && found->is_string() ? found->get<std::string>() : otherwise;
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

void analyse_again(report::Result& result, const AnalysisSettings& settings) {
  SuggestOptions options;
  options.rule = settings.rule.empty() ? config_text(result, "rule", options.rule) : settings.rule;
  options.smoothing = settings.smoothing;
  const auto steps = result.config.find("steps");
  if (steps != result.config.end() && steps->is_number_unsigned()) options.steps = steps->get<std::size_t>();
  options.optimizer = config_text(result, "optimizer", "");
  const auto momentum = result.config.find("momentum");
  if (momentum != result.config.end() && momentum->is_number()) options.momentum = momentum->get<double>();
  options.images = image_facts(result);
  analyse(result, options, settings.metric.empty() ? config_text(result, "metric", "train-loss") : settings.metric);
}

}  // namespace lrfind::command
