// When not to believe a curve, and what to change.
#pragma once

#include <lrfind/suggest.hpp>
#include <vector>

#include "analysis/shape.hpp"

namespace lrfind::analysis {

/// Reasons against the curve of one trial: too-few-points, diverged-from-start, never-fell, still-falling (fatal), and
/// too-noisy (a warning). Empty for a clean curve.
std::vector<Reason> diagnose(const Trial& trial);

/// Reasons against several trials: what most of them show, unless their mean curve shows clearly that the loss fell.
/// A fatal reason of fewer becomes a warning.
std::vector<Reason> diagnose(const std::vector<Trial>& trials);

/// "trials-disagree" when the trials' own rates lie too far apart for their mean to stand for any.
std::vector<Reason> disagreement(const std::vector<double>& rates);

/// "outside-descent" when a rule's rate is not where this curve falls: noise has misled the rule.
std::vector<Reason> misplaced(double lr, const std::string& rule, const Shape& shape);

}  // namespace lrfind::analysis
