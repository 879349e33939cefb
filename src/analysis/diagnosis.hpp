// When not to believe a curve, and what to change.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/rules.hpp"
#include "analysis/shape.hpp"

namespace lrfind::analysis {

/// Reasons against trials. In each: too-few-points, diverged-from-start, still-falling (fatal; only warnings where
/// fewer than half of the trials show them). In their mean: what diagnose_learning() finds. Empty for clean curves.
std::vector<Reason> diagnose(const std::vector<Trial>& trials, const SuggestOptions& options = {});

/// "trials-disagree" when the interval that the trials' evidence gives is wider than a decade, a warning when it is
/// nearly that; for a rule that gives none, when the trials' own rates lie too far apart for their mean to stand for
/// any.
std::vector<Reason> disagreement(const Answer& answer);

/// "diverged-from-start" when a rate lies below the lowest that was tried: such a sweep began past the best rates.
std::vector<Reason> below_sweep(double lr, const Trial& curve);

/// "outside-descent" when a rule's rate is not where this curve falls: noise has misled the rule.
std::vector<Reason> misplaced(double lr, const std::string& rule, const Shape& shape);

}  // namespace lrfind::analysis
