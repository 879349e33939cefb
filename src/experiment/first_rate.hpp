// Where a sweep begins: at rates whose steps just begin to move the loss.
#pragma once

#include "experiment/session.hpp"
#include "experiment/settings.hpp"

namespace lrfind::experiment {

/// Puts numbers in the place of an automatic first rate and number of steps. The first step from fresh weights is
/// tried, on the first trial's own batch: what it predicts of the loss is proportional to its rate, so that the rate
/// follows at which a step would lower the loss by a ten-thousandth; below it, steps move nothing and the analysis
/// passes over them. Rounded down to half a decade, so that seeds agree, and at least two decades below the last rate.
/// 1e-7 where the step predicts nothing. Steps: 12.5 a decade, as 100 over the usual eight decades, at least 30; 100
/// where the first rate was given. Leaves no trace but the session's started run.
SweepSettings with_first_rate(SweepSettings settings, Session& session);

/// The same where no step can be tried: 1e-7 and 100 steps.
SweepSettings with_usual_first_rate(SweepSettings settings);

/// The first rate of steps that predict this decrease of the loss, as a share of it, at the rate `tried`.
double first_rate(double share, double tried, double max_lr);

}  // namespace lrfind::experiment
