// A trial as it grows, for those who keep what was measured when a step fails.
#pragma once

#include <lrfind/range_test.hpp>

namespace lrfind {

/// Adds a step. Every vector of the trial grows, by NaN where nothing was measured.
void record(Trial& trial, double lr, const Measurement& measured);

/// Empties what no step measured.
void drop_unmeasured(Trial& trial);

}  // namespace lrfind
