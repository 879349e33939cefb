// Runs gnuplot, without a shell, on a script held in memory.
#pragma once

#include <lrfind/error.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

/// gnuplot's terminal for a file name's extension, with size in points of 1/96 inch ("set terminal pngcairo ...");
/// empty for an extension it does not know. Text is in enhanced mode: switch it off for text from outside.
std::optional<std::string> gnuplot_terminal(const std::string& path, int width, int height);

bool gnuplot_installed();

/// The text as a gnuplot string literal in which nothing is substituted; control characters are replaced.
std::string gnuplot_quoted(std::string_view text);

/// A data block "$name << EOD": a row per entry of the columns, which are equally long. Non-finite numbers are missing.
std::string gnuplot_data(std::string_view name, const std::vector<std::span<const double>>& columns);

/// Runs a script that writes its picture to standard output ("set output" unset) and returns what it wrote.
/// Throws Error (output) with gnuplot's first complaint.
std::string run_gnuplot(const std::string& script);

}  // namespace lrfind::report
