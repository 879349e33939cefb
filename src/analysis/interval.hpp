// How sure a suggestion is.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <vector>

#include "analysis/rules.hpp"

namespace lrfind::analysis {

/// 90 % interval of the answer's rate. Rates are taken as log-normal.
///
/// Several trials: the geometric mean's standard error from their spread, joined with the rule's usual spread as if
/// that had been seen in three more trials (the scaled-inverse-chi-square prior of a variance; Gelman et al., Bayesian
/// Data Analysis, section 2.6), and Student's t. Without it two trials that happen to agree would look certain.
/// One trial: the larger of the rule's usual spread and the spread over resampled curves, which differ from the
/// measured one by random signs on its residuals (wild bootstrap; Wu 1986). The same curve gives the same interval.
std::optional<Interval> interval_of(const Answer& answer, const Rule& rule, const Evidence& evidence);

}  // namespace lrfind::analysis
