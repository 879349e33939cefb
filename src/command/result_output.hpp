// Where the result of a range test goes, whoever trained: files, stdout and the console.
#pragma once

#include "command/console.hpp"
#include "command/settings.hpp"
#include "report/result.hpp"

#include <lrfind/error.hpp>

#include <optional>

namespace lrfind::command {

/// Writes result, CSV and picture as the settings say. What cannot be written is not lost and is said at the end:
/// returns the error.
std::optional<Error> write_result(const SweepOptions& settings, const report::Result& result);

/// The curve and what it says, for people.
void show_curve(const report::Result& result, Console& console);
/// Which file the result is in.
void show_place(const SweepOptions& settings, Console& console);

/// The rate on stdout where --print-lr asks for it. Returns the exit status of a complete range test.
int answer(const SweepOptions& settings, const report::Result& result);

}  // namespace lrfind::command
