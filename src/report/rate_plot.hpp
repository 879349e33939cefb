// The learning rate over a training run, drawn.
#pragma once

#include <lrfind/error.hpp>
#include "report/terminal.hpp"

#include <string>
#include <utility>
#include <vector>

namespace lrfind::report {

struct RatePlot {
  std::string title;
  std::vector<double> lr;                             ///< of every step, at least one
  std::vector<std::pair<std::string, double>> marks;  ///< rates to mark by a horizontal line, with their names
};

/// In text: lines end in a newline, none is wider than style.columns (at least 40 are taken).
std::string draw_rates(const RatePlot& plot, const TerminalStyle& style);

/// Into a PNG, SVG or PDF file, by extension, with gnuplot. Throws Error (output).
void write_rates_picture(const RatePlot& plot, const std::string& path);

}  // namespace lrfind::report
