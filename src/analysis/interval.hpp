// How sure a suggestion is.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <vector>

#include "analysis/rules.hpp"

namespace lrfind::analysis {

/// 90 % interval of the answer's rate. Rates are taken as log-normal.
///
/// Several trials: the geometric mean's, from their spread and the rule's usual one (half_width_90), which counts as
/// much as three more trials. One trial: the larger of the rule's usual spread and the spread over resampled curves,
/// which differ from the measured one by random signs on its residuals (wild bootstrap; Wu 1986). The same curve gives
/// the same interval.
std::optional<Interval> interval_of(const Answer& answer, const Rule& rule, const Evidence& evidence);

}  // namespace lrfind::analysis
