// Loss against learning rate, drawn in text.
#pragma once

#include "report/result.hpp"
#include "report/terminal.hpp"

#include <string>
#include <vector>

namespace lrfind::report {

/// The curve of a sweep on a logarithmic rate axis: batch loss as dots, smoothed loss as a line, probe loss where
/// measured, the suggestion and the bounds as vertical lines. Lines end in a newline; none is wider than style.columns
/// (at least 40 are taken). The loss axis shows the fall; what rises far above the start is cut.
std::string draw_curve(const Result& result, const TerminalStyle& style);

/// Several sweeps over one another: a line and a legend entry each, the suggestion marked on the rate axis.
std::string draw_curves(const std::vector<NamedResult>& results, const TerminalStyle& style);

}  // namespace lrfind::report
