// Learning-rate schedules: the rate of every step of a training run, as PyTorch's schedulers of the same names give it
// when scheduler.step() follows every optimizer step. Plain numbers, no LibTorch.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::train {

enum class ScheduleKind {
  constant,
  step,                  ///< StepLR
  exponential,           ///< ExponentialLR
  cosine,                ///< CosineAnnealingLR (Loshchilov and Hutter 2016, without restarts)
  cosine_warm_restarts,  ///< CosineAnnealingWarmRestarts (the same paper)
  one_cycle,             ///< OneCycleLR (Smith and Topin 2017), two phases, cosine
  triangular,            ///< CyclicLR (Smith 2015)
  triangular2,           ///< CyclicLR, its height halved with every cycle
  linear_warmup_cosine,  ///< SequentialLR of LinearLR and CosineAnnealingLR
  reduce_on_plateau,     ///< ReduceLROnPlateau on the validation loss
};

/// "constant", "step", ..., "reduce-on-plateau", in the order of ScheduleKind.
std::vector<std::string> schedule_names();
std::string_view to_string(ScheduleKind kind);
/// Nothing for a name that is none of schedule_names().
std::optional<ScheduleKind> parse_schedule(std::string_view name);

/// Which of a suggestion's rates a schedule is built on.
enum class ScheduleUse {
  constant,  ///< held all the time: suggestion.lr
  decaying,  ///< starts at or rises to a peak and then falls: suggestion.max_lr
  cyclical,  ///< goes between two bounds: suggestion.min_lr and max_lr
};
ScheduleUse use_of(ScheduleKind kind);

/// A schedule with all its parameters; those of other kinds have no effect. usual_schedule() fills them in.
struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double max_lr = 0.1;            ///< > 0: the constant rate, where a decay starts, the peak of a cycle
  double min_lr = 0;              ///< cosine ones: eta_min; triangular ones: base_lr; plateau: min_lr
  int steps = 100;                ///< >= 1, of the whole run
  int warmup = 0;                 ///< steps of LinearLR before the schedule; not for one-cycle and triangular ones
  double warmup_start = 0.01;     ///< LinearLR's start_factor
  double gamma = 0.1;             ///< step, exponential
  int step_size = 34;             ///< step
  int first_cycle = 15;           ///< cosine-warm-restarts: T_0
  int cycle_growth = 2;           ///< cosine-warm-restarts: T_mult
  double pct_start = 0.3;         ///< one-cycle: fraction of the run in which the rate rises
  double div_factor = 25;         ///< one-cycle: first rate is max_lr / div_factor
  double final_div_factor = 1e4;  ///< one-cycle: last rate is the first / final_div_factor
  int step_size_up = 17;          ///< triangular ones: steps of a rise, and of a fall
  double factor = 0.1;            ///< plateau
  int patience = 1;               ///< plateau: checks without improvement that are let pass
  int check_every = 10;           ///< plateau: steps between checks of the validation loss
};

/// The schedule with usual parameters for a run of `steps` steps between these bounds:
/// step: a tenth after every third of the run; exponential: down to a hundredth; cosine: one half period down to 0;
/// cosine-warm-restarts: three cycles, each twice as long as the last, down to 0; one-cycle: PyTorch's defaults (rises
/// over 30 % of the run from max_lr / 25, falls to max_lr / 250000); triangular: three cycles from min_lr to max_lr;
/// linear-warmup-cosine: `warmup` steps, or 5 % of the run, from max_lr / 100; reduce-on-plateau: a tenth when the
/// second of twenty checks in a row brings no better validation loss, not below 0. `warmup` > 0 puts that many steps of
/// a linear rise from a hundredth before the others (their own lengths then count from its end), makes it the rising
/// part of one-cycle, and is passed over by the triangular ones, which start low. Throws std::invalid_argument where
/// steps < 1, max_lr is not positive or warmup does not leave a step to the schedule.
Schedule usual_schedule(ScheduleKind kind, double max_lr, double min_lr, int steps, int warmup = 0);

/// The rate of step `step` >= 0. Reduce-on-plateau: as long as nothing was reduced.
double rate_at(const Schedule& schedule, int step);

/// The rates of a run as it goes. Only reduce-on-plateau looks at what is observed.
class ScheduledRate {
 public:
  explicit ScheduledRate(const Schedule& schedule);

  /// The rate of step `step`, from 0.
  double at(int step) const;

  /// Whether observe() is to be called after this step.
  bool checks_after(int step) const;

  /// Takes the validation loss, as ReduceLROnPlateau.step does with its defaults apart from factor and patience (mode
  /// min, relative threshold 1e-4, no cooldown, eps 1e-8).
  void observe(double loss);

 private:
  Schedule schedule_;
  double plateau_lr_;
  double best_;
  int bad_checks_ = 0;
};

/// All rates of the run. Reduce-on-plateau: as if the loss never improved after its first check, which is the fastest
/// it can fall.
std::vector<double> rates_of(const Schedule& schedule);

/// What to type into a PyTorch training script: lines that make `scheduler` from `optimizer`, and say where to step it.
std::string pytorch_code(const Schedule& schedule);

/// The rate that PyTorch's optimizer is to be made with, so that the schedule starts where it should.
double optimizer_lr(const Schedule& schedule);

}  // namespace lrfind::train
