// Whether a curve shows a network that learned what its labels say.
#pragma once

#include <lrfind/suggest.hpp>
#include <vector>

#include "analysis/shape.hpp"

namespace lrfind::analysis {

/// Reasons against the mean curve of trials: never-fell and random-labels (fatal), too-noisy.
///
/// Where the class counts are known, the yardstick is the loss of guessing by them: nothing but learning from the
/// images brings the loss below it. A network that starts at that loss and falls by a hundredth is fine; one that falls
/// from twice to exactly that loss would do so with shuffled labels too. Otherwise the loss must fall by more than
/// noise.
std::vector<Reason> diagnose_learning(const std::vector<Trial>& trials, const SuggestOptions& options);

}  // namespace lrfind::analysis
