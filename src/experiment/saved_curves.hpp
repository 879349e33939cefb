// Curves from files, analysed again.
#pragma once

#include <lrfind/error.hpp>
#include "experiment/plan.hpp"
#include "report/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lrfind::experiment {

/// Reads results (JSON) or curves of other tools (CSV or JSON); the trials of several files become one result's. Throws
/// Error (data).
report::Result read_curves(const std::vector<std::string>& paths);

/// Adds to the config of a curve what a person says of its optimizer: empty, or the momentum that sweep gives it, where
/// nothing is said. Throws Error (usage) for what does not fit, and for another optimizer than a sweep of lrfind had.
void state_optimizer(report::Result& result, const std::string& optimizer, std::optional<double> momentum);

/// The same for the steps that the sweep was planned for; 0: nothing is said.
void state_steps(report::Result& result, std::int64_t steps);

/// What the rule lrfind assumes of the optimizer of another tool's curve, as a sentence; nothing where it is known.
std::optional<std::string> assumed(const report::Result& result, bool momentum_given);

/// Empty texts stand for what the file's own config says.
struct AnalysisSettings {
  std::string rule;
  double smoothing = 0.98;
  std::string metric;
  PlanSettings plan = {};
};

/// Replaces curve, smoothed loss, trial rates and suggestion of `result` by a new analysis of its trials.
void analyse_again(report::Result& result, const AnalysisSettings& settings);

}  // namespace lrfind::experiment
