// Curves from files, analysed again.
#pragma once

#include "report/result.hpp"

#include <string>
#include <vector>

namespace lrfind::command {

/// Reads results (JSON) or curves of other tools (CSV); the trials of several files become one result's. Throws
/// report::ResultError.
report::Result read_curves(const std::vector<std::string>& paths);

/// Empty texts stand for what the file's own config says.
struct AnalysisSettings {
  std::string rule;
  double smoothing = 0.98;
  std::string metric;
};

/// Replaces curve, smoothed loss, trial rates and suggestion of `result` by a new analysis of its trials.
void analyse_again(report::Result& result, const AnalysisSettings& settings);

}  // namespace lrfind::command
