// How the optimizer of a result is made in a training script.
#pragma once

#include "report/result.hpp"
#include "schedule/training_code.hpp"

namespace lrfind::command {

/// The optimizer of the result's config, sgd where it tells none, with the numbers that it was swept with.
train::OptimizerCode optimizer_code(train::Framework framework, const report::Result& result);

/// What the result's config says of its batches.
train::BatchCode batch_code(const report::Result& result);

}  // namespace lrfind::command
