// Curves as comma-separated values.
#pragma once

#include <lrfind/curve.hpp>
#include <lrfind/error.hpp>
#include "report/result.hpp"

#include <string>
#include <string_view>

namespace lrfind::report {

/// The aggregated curve, a row per rate: lr,loss,smoothed_loss, then what else was measured (measurements.hpp),
/// and with several trials trial_1_loss, trial_2_loss, ... What was not measured is an empty cell.
std::string to_csv(const Result& result);

/// Reads a curve: columns by the names above or those of other tools (foreign_curve.hpp; further ones are passed over),
/// or without a header two, the rate and the loss; separated by comma, semicolon, tab or blanks, with decimal points or
/// commas. A loss may be missing. `source` names the text in messages. Throws Error (data).
Trial curve_from_csv(std::string_view text, const std::string& source);

}  // namespace lrfind::report
