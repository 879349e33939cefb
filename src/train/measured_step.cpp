#include "train/measured_step.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

constexpr double smallest_predicted_decrease =
    1e-5;                                           // of the loss; below it the difference of two losses is float noise
constexpr double smallest_aligned_decrease = 3e-5;  // likewise, where an update is compared with the next gradient

}  // namespace

bool predicts_enough(double predicted, double loss) {
  return std::abs(predicted) >= smallest_predicted_decrease * std::abs(loss);
}

Measurement MeasuredSteps::read(const double* numbers, bool has_loss_after, bool has_probe_loss) {
  Measurement measured;
  measured.loss = numbers[loss_at];
  const double decrease = -numbers[predicted_at];
  const double aligned = -numbers[aligned_at] / std::abs(last_decrease_);
  if (std::isfinite(aligned) && std::abs(last_decrease_) > smallest_aligned_decrease * std::abs(last_loss_)) {
    measured.alignment_of_previous = aligned;
  }
  if (has_loss_after && predicts_enough(decrease, measured.loss)) {
    measured.gain_ratio = (measured.loss - numbers[loss_after_at]) / decrease;
  }
  if (has_probe_loss) measured.probe_loss = numbers[probe_loss_at];
  measured.predicted_decrease = decrease;
  last_loss_ = measured.loss;
  last_decrease_ = decrease;
  return measured;
}

}  // namespace lrfind::train
