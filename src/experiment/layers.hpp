// How fast each layer moves: the size of its update over the size of its weights, per step.
#pragma once

#include "experiment/trials.hpp"
#include "report/result.hpp"
#include "report/terminal.hpp"

#include <string>
#include <vector>

namespace lrfind::experiment {

/// The result's "layers": per trained tensor its name, shape, parameters, the ratio at rate `lr` (median of the five
/// steps around it) and the rate at which the ratio passes 1e-3 (null where it never does).
report::Json layer_table(const std::vector<train::ParameterFacts>& parameters, const TrialRun& run, double lr);

/// The layers that would move more than ten times faster or slower than the median, for people; empty without a table.
std::string layer_text(const report::Result& result, const report::TerminalStyle& style);

}  // namespace lrfind::experiment
