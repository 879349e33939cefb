// `sweep --verify`: short trainings in the sweep's own session, so that nothing is decoded again.
#pragma once

#include <lrfind/error.hpp>
#include "command/sweep_settings.hpp"
#include "experiment/session.hpp"
#include "report/result.hpp"

#include <exception>

namespace lrfind::command {

/// Throws Error (usage) when settings.verify is set and the data has no validation images.
void check_verifiable(const SweepSettings& settings, const Session& session);

/// Trains at the suggestion and its neighbours on a constant rate and on one-cycle, adds the "verify" section with the
/// suggestion as it was under "unverified", and makes the winners the suggestion. Does nothing without a suggestion.
/// Marks the result incomplete when a person ends it. Returns what ended it otherwise.
std::exception_ptr verify_sweep(const SweepSettings& settings, Session& session, report::Result& result,
                                People& people);

}  // namespace lrfind::command
