// From the numbers that a step computes on its device to what the range test looks at.
#pragma once

#include <lrfind/range_test.hpp>

namespace lrfind::train {

/// Where a step's numbers lie (Step::numbers). The changes of the loss are first-order: gradient . change of the
/// parameters, negative where the loss should fall. stop_at: how many ranks of a group want to end.
enum StepNumber { loss_at, predicted_at, aligned_at, loss_after_at, probe_loss_at, stop_at, step_number_count };

/// Whether the loss is predicted to change by more than float noise, so that a gain ratio says something.
bool predicts_enough(double predicted, double loss);

/// Reads the numbers of the steps of one training run, in their order.
class MeasuredSteps {
 public:
  /// numbers: step_number_count of them. The gain ratio is (loss before - loss after) / (-gradient . change of the
  /// parameters) on the same batches, in the same mode (Nocedal and Wright, Numerical Optimization, chapter 4: actual
  /// over predicted reduction), none where the predicted decrease is below 1e-5 of the loss, which is float noise. The
  /// alignment is that of the step before: its change against this step's gradient, over what it predicted itself.
  Measurement read(const double* numbers, bool has_loss_after, bool has_probe_loss);

 private:
  double last_loss_ = 0, last_decrease_ = 0;  // predicted
};

}  // namespace lrfind::train
