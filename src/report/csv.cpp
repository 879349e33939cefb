#include "report/csv.hpp"

#include "analysis/text.hpp"
#include "report/measurements.hpp"

#include <cmath>

namespace lrfind::report {
namespace {

struct Series {
  std::string name;
  std::vector<double> values;
};

// Rates of a trial and of the aggregated curve are the same up to rounding where they are meant to be the same.
bool same_rate(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(a); }

// A trial's losses on the rows of the aggregated curve; both rates rise.
std::vector<double> on_rates(const Trial& trial, const std::vector<double>& rates) {
  std::vector<double> values(rates.size(), not_measured);
  std::size_t at = 0;
  for (std::size_t row = 0; row < rates.size(); ++row) {
    while (at < trial.lr.size() && trial.lr[at] < rates[row] && !same_rate(trial.lr[at], rates[row])) ++at;
    if (at < trial.lr.size() && same_rate(trial.lr[at], rates[row])) values[row] = trial.loss[at];
  }
  return values;
}

std::vector<Series> columns_of(const Result& result) {
  std::vector<Series> columns = {{"lr", result.curve.lr}, {"loss", result.curve.loss}};
  if (!result.smoothed_loss.empty()) columns.push_back({"smoothed_loss", result.smoothed_loss});
  for (const auto& [name, values] : measurements) {
    if (!(result.curve.*values).empty()) columns.push_back({name, result.curve.*values});
  }
  if (result.trials.size() < 2) return columns;
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    columns.push_back({"trial_" + std::to_string(i + 1) + "_loss", on_rates(result.trials[i], result.curve.lr)});
  }
  return columns;
}

std::string cell(double value) { return std::isfinite(value) ? analysis::exact(value) : ""; }

}  // namespace

std::string to_csv(const Result& result) {
  const std::vector<Series> columns = columns_of(result);
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text += ',';
    text += columns[i].name;
  }
  text += '\n';
  for (std::size_t row = 0; row < result.curve.lr.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += ',';
      text += cell(columns[i].values.at(row));
    }
    text += '\n';
  }
  return text;
}

}  // namespace lrfind::report
