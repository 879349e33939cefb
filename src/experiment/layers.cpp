#include "experiment/layers.hpp"

#include "analysis/statistics.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::experiment {

namespace {

constexpr double usual_ratio = 1e-3;

// Ratios of one tensor over the steps, each the median of up to five finite neighbours; NaN where there is none.
std::vector<double> smoothed_ratios(const TrialRun& run, std::size_t parameter) {
  const std::size_t steps = std::min(run.update_ratios.size(), run.trial.lr.size());
  std::vector<double> result(steps, report::not_measured);
  for (std::size_t i = 0; i < steps; ++i) {
    std::vector<double> near;
    for (std::size_t j = i < 2 ? 0 : i - 2; j < std::min(steps, i + 3); ++j) {
      if (parameter < run.update_ratios[j].size() && std::isfinite(run.update_ratios[j][parameter])) {
        near.push_back(run.update_ratios[j][parameter]);
      }
    }
    if (!near.empty()) result[i] = analysis::median(near);
  }
  return result;
}

}  // namespace

report::Json layer_table(const std::vector<train::ParameterFacts>& parameters, const TrialRun& run, double lr) {
  auto table = report::Json::array();
  const auto& rates = run.trial.lr;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const auto ratios = smoothed_ratios(run, p);
    report::Json row{{"name", parameters[p].name}, {"shape", parameters[p].shape}, {"parameters", parameters[p].count}};
    row["ratio"] = nullptr;
    row["lr_at_1e-3"] = nullptr;
    if (!ratios.empty()) {
      const auto above =
          std::lower_bound(rates.begin(), rates.begin() + static_cast<std::ptrdiff_t>(ratios.size()), lr);
      const auto at = std::min<std::size_t>(static_cast<std::size_t>(above - rates.begin()), ratios.size() - 1);
      if (std::isfinite(ratios[at])) row["ratio"] = ratios[at];
      const auto passed = std::find_if(ratios.begin(), ratios.end(), [](double r) { return r >= usual_ratio; });
      if (passed != ratios.end()) row["lr_at_1e-3"] = rates[static_cast<std::size_t>(passed - ratios.begin())];
    }
    table.push_back(row);
  }
  return table;
}

std::string layer_text(const report::Result& result, const report::TerminalStyle& style) {
  const auto found = result.sections.find("layers");
  if (found == result.sections.end() || !found->is_array()) return "";
  std::vector<double> ratios;
  for (const auto& row : *found) {
    if (row["ratio"].is_number() && row["ratio"].get<double>() > 0) ratios.push_back(row["ratio"].get<double>());
  }
  if (ratios.empty()) return "";
  const double middle = analysis::median(ratios);
  report::Table table(
      {{"layer"}, {"update / weight", report::Align::right}, {"against the median", report::Align::right}});
  bool any = false;
  for (const auto& row : *found) {
    if (!row["ratio"].is_number()) continue;
    const double relative = row["ratio"].get<double>() / middle;
    if (relative <= 10 && relative >= 0.1) continue;
    any = true;
    table.add_row({row["name"].get<std::string>(), report::format_number(row["ratio"].get<double>()),
                   report::format_number(relative) + " x"});
  }
  const std::string head = "\n  Layers: the median update is " + report::format_number(middle) +
                           " of the weights at the suggested rate (about 1e-3 is usual)\n";
  if (!any) return head + "  and none moves ten times faster or slower.\n";
  return head + "  and these would move ten times faster or slower (--lr-mult can even it out):\n" +
         table.text(style.columns, 4);
}

}  // namespace lrfind::experiment
