// The learning-rate range test over any training loop: give it a callable that trains one batch at a given rate.
#pragma once

#include <lrfind/curve.hpp>

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

namespace lrfind {

enum class Spacing { exponential, linear };

/// What one training step measured. NaN: not measured.
struct Measurement {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  double loss = none;                ///< batch loss before the update
  double probe_loss = none;          ///< held-out loss after the update
  double gain_ratio = none;          ///< actual over predicted decrease of the batch's loss
  double predicted_decrease = none;  ///< of the batch's loss by this update: minus its gradient times the change
  /// Alignment of the step before this one (Trial::alignment): it is known when the next batch's gradient is.
  double alignment_of_previous = none;
  double val_loss = none;      ///< validation loss after the update
  double val_accuracy = none;  ///< validation accuracy after the update, 0 to 1
};

struct RangeTestOptions {
  double min_lr = 1e-7;  ///< > 0
  double max_lr = 10;    ///< > min_lr
  int steps = 100;       ///< number of rates, both ends included; >= 2
  Spacing spacing = Spacing::exponential;
  double stop_factor = 4;  ///< 0, or >= 1: see StopRule; 0 never stops early, not even at a non-finite loss
  std::uint64_t seed = 0;  ///< written to the trial
};

/// The rates of a range test: geometric (or linear) from min_lr to max_lr, both ends exact.
/// Throws std::invalid_argument when a bound is not as RangeTestOptions says.
std::vector<double> learning_rates(const RangeTestOptions& options);

/// Tells divergence from noise. The loss is smoothed by a running median of the last `window` steps, which one or two
/// spikes cannot move and which lags by two steps only; the rule fires when that exceeds both `factor` times its best
/// and its starting level (the first full window), or at once when the loss is not finite.
class StopRule {
 public:
  static constexpr std::size_t window = 5;

  explicit StopRule(double factor) : factor_(factor) {}

  /// Takes the next step's loss and says whether the sweep has diverged.
  bool diverged(double loss);

 private:
  double factor_;
  std::vector<double> recent_;
  double start_ = std::numeric_limits<double>::quiet_NaN();
  double best_ = std::numeric_limits<double>::infinity();
};

/// Thrown by a step that was asked to stop while it waited: the trial ends as interrupted with what was measured.
struct StepInterrupted {};

/// Trains one batch at the given rate and returns its loss (before the update).
using Step = std::function<double(double lr)>;
/// The same with everything that was measured.
using MeasuredStep = std::function<Measurement(double lr)>;
/// Steps that run on while their measurements are still on the way, as a GPU works: measurements come in the order of
/// the steps. The trial is the one that a MeasuredStep would give; what was handed over beyond its end is forgotten.
struct StepsAhead {
  std::function<void(double lr)> submit;  ///< begins a step
  std::function<Measurement()> collect;   ///< waits for the oldest step not collected yet
  int ahead = 0;                          ///< steps begun before the first of them is collected; >= 0
};
/// Asked before every step; true ends the trial as interrupted.
using ShouldStop = std::function<bool()>;
/// Told of every step that was done: its number from 0 and what it measured.
using OnStep = std::function<void(int step, double lr, const Measurement& measured)>;

/// Runs one range test. Throws what `step` throws, StepInterrupted apart, and std::invalid_argument for bad options.
Trial range_test(const Step& step, const RangeTestOptions& options = {}, const ShouldStop& should_stop = {});
Trial range_test(const MeasuredStep& step, const RangeTestOptions& options, const ShouldStop& should_stop,
                 const OnStep& on_step = {});
Trial range_test(const StepsAhead& steps, const RangeTestOptions& options, const ShouldStop& should_stop,
                 const OnStep& on_step = {});

}  // namespace lrfind
