// A trial as bytes, for other ranks of the same program: every number as it is, not a finite one either.
#pragma once

#include "experiment/trials.hpp"

#include <string>

namespace lrfind::experiment {

std::string to_bytes(const TrialOutcome& outcome);
/// Throws std::out_of_range when bytes are missing.
TrialOutcome outcome_of(const std::string& bytes);

}  // namespace lrfind::experiment
