// `sweep --verify`: short trainings in the sweep's own session, so that nothing is decoded again.
#pragma once

#include <lrfind/error.hpp>
#include "experiment/session.hpp"
#include "experiment/settings.hpp"
#include "report/progress.hpp"
#include "report/result.hpp"
#include "report/verification.hpp"

#include <optional>

namespace lrfind::verify {

/// Throws Error (usage) when the data has no validation images.
void require_validation_images(const experiment::Session& session);

/// Trains at the suggestion and its neighbours on a constant rate and on one-cycle, `batch_size` images a batch, adds
/// the "verify" section with the suggestion as it was under "unverified", and makes the selected rates the suggestion.
/// Does nothing, and answers nothing, where the result is incomplete or suggests no rate. Marks the result incomplete
/// when a person ends it.
std::optional<report::Verification> verify_sweep(const experiment::SweepSettings& settings, std::int64_t batch_size,
                                                 experiment::Session& session, report::Result& result,
                                                 const report::ProgressTarget& progress);

}  // namespace lrfind::verify
