// The lines for timm's own schedulers, which take the number of updates done; PyTorch's where timm has none.
#include "schedule/python_text.hpp"

namespace lrfind::train {

namespace {

std::string warmup_arguments(const Schedule& s) {
  if (s.warmup == 0) return "";
  return argument("warmup_t", s.warmup) + argument("warmup_lr_init", s.warmup_start * s.max_lr) +
         ", warmup_prefix=True";
}

// timm's scheduler without the arguments that all have; empty where there is none.
std::string own_scheduler(const Schedule& s) {
  const std::string least = s.min_lr > 0 ? argument("lr_min", s.min_lr) : "";
  switch (s.kind) {
    case ScheduleKind::constant:
      return s.warmup == 0 ? "" : "StepLRScheduler(optimizer" + argument("decay_t", s.steps);
    case ScheduleKind::step:
      return "StepLRScheduler(optimizer" + argument("decay_t", s.step_size) + argument("decay_rate", s.gamma);
    case ScheduleKind::exponential:
      return "StepLRScheduler(optimizer, decay_t=1" + argument("decay_rate", s.gamma);
    case ScheduleKind::cosine:
    case ScheduleKind::linear_warmup_cosine:
      return "CosineLRScheduler(optimizer" + argument("t_initial", s.steps - s.warmup) + least;
    case ScheduleKind::cosine_warm_restarts:
      return "CosineLRScheduler(optimizer" + argument("t_initial", s.first_cycle) +
             argument("cycle_mul", s.cycle_growth) + ", cycle_limit=3" + least;
    default:
      return "";
  }
}

}  // namespace

std::string timm_code(const Schedule& s, const OptimizerCode& optimizer) {
  const std::string imports = "import torch\n" + optimizer.imports;
  const std::string made = optimizer.note + torch_optimizer_line(s, optimizer, "model");
  if (torch_scheduler(s).schedule.empty()) return imports + made + pytorch_code(s);
  const std::string own = own_scheduler(s);
  if (own.empty()) {
    const bool given_up = s.kind == ScheduleKind::reduce_on_plateau;
    return imports + made + "# timm " + (given_up ? "gives up its " : "has no ") + called(s) + ": this is PyTorch's\n" +
           pytorch_code(s);
  }
  return imports + "import timm.scheduler\n" + made + "scheduler = timm.scheduler." + own + warmup_arguments(s) +
         ", t_in_epochs=False)\n# after every optimizer.step(), the n-th of the run: scheduler.step_update(n)\n";
}

}  // namespace lrfind::train
