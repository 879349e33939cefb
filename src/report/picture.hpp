// Pictures of curves for reports, drawn by gnuplot.
#pragma once

#include <lrfind/error.hpp>
#include "report/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lrfind::report {

/// Whether the extension is one that write_picture() takes.
bool is_picture(const std::string& path);

/// Why write_picture(path) cannot work: the extension is none of .png, .svg, .pdf, or gnuplot is missing. One sentence.
std::optional<std::string> picture_problem(const std::string& path);

/// Draws the results into a PNG, SVG or PDF file, by extension: loss against rate; one result with its batch loss,
/// suggestion, interval and bounds, several as one line each; gain ratio and alignment in a panel below where measured.
/// Throws Error (output).
void write_picture(const std::vector<NamedResult>& results, const std::string& path);

}  // namespace lrfind::report
