// What a person reads after a sweep.
#pragma once

#include "report/result.hpp"
#include "report/terminal.hpp"

#include <string>

namespace lrfind::report {

/// The suggestion with its bounds, one sentence on how to use it, then what is suspicious and what to do about it.
/// Lines are wrapped at style.columns.
std::string summary(const Result& result, const TerminalStyle& style);

/// Only the warnings: untrusted suggestion, reasons, incomplete run, unreadable and misnamed files, dataset notes.
std::string warnings(const Result& result, const TerminalStyle& style);

}  // namespace lrfind::report
