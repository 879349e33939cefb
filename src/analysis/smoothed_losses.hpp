// Signs that another tool has already smoothed a curve, which its rules would then do again.
#pragma once

#include <lrfind/suggest.hpp>
#include <string_view>
#include <vector>

#include "analysis/rules.hpp"

namespace lrfind::analysis {

/// Measured on 340 curves under the average of torch-lr-finder, a factor of 0.95.
inline constexpr std::string_view lag_of_averages =
    "an average lags, and the rule lrfind names three times too high a rate from one, at worst forty times";

/// Whether neighbouring losses of a trial differ far less than independent batches would make them. False below
/// thirty points, which are too few to tell.
bool looks_smoothed(const Trial& trial);

/// A warning where another tool recorded the losses and most of the trials look smoothed: "looks-smoothed" with what
/// the rule's own smoothing makes of its rate; for smoothing that is switched off, "lagging" of the rule lrfind, which
/// an average misleads.
std::vector<Reason> smoothed_already(const Answer& answer, const Rule& rule, const Evidence& evidence);

/// "low-start" where another tool recorded the losses and most of the trials are lowest at their first rates, or climb
/// there at once, as averages that count their first loss too little do. Fatal when the rule looks at those points.
std::vector<Reason> low_start(const Rule& rule, const Evidence& evidence);

}  // namespace lrfind::analysis
