// The PyTorch lines of a schedule.
#include "schedule/schedule.hpp"

#include <array>
#include <charconv>

namespace lrfind::train {

namespace {

// The shortest text that Python reads as the same number.
std::string text_of(double value) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string text_of(int value) { return std::to_string(value); }

template <typename T>
std::string argument(const char* name, T value) {
  return std::string(", ") + name + "=" + text_of(value);
}

// "StepLR(optimizer, ...)" for the part after the warm-up; empty for a constant rate.
std::string main_part(const Schedule& s) {
  const std::string least = s.min_lr > 0 ? argument("eta_min", s.min_lr) : "";
  switch (s.kind) {
    case ScheduleKind::constant:
      return s.warmup > 0 ? "ConstantLR(optimizer, factor=1.0)" : "";
    case ScheduleKind::step:
      return "StepLR(optimizer" + argument("step_size", s.step_size) + argument("gamma", s.gamma) + ")";
    case ScheduleKind::exponential:
      return "ExponentialLR(optimizer" + argument("gamma", s.gamma) + ")";
    case ScheduleKind::cosine:
    case ScheduleKind::linear_warmup_cosine:
      return "CosineAnnealingLR(optimizer" + argument("T_max", s.steps - s.warmup) + least + ")";
    case ScheduleKind::cosine_warm_restarts:
      return "CosineAnnealingWarmRestarts(optimizer" + argument("T_0", s.first_cycle) +
             argument("T_mult", s.cycle_growth) + least + ")";
    case ScheduleKind::one_cycle:
      return "OneCycleLR(optimizer" + argument("max_lr", s.max_lr) + argument("total_steps", s.steps) +
             argument("pct_start", s.pct_start) + argument("div_factor", s.div_factor) +
             argument("final_div_factor", s.final_div_factor) + ", cycle_momentum=False)";
    case ScheduleKind::triangular:
    case ScheduleKind::triangular2:
      return "CyclicLR(optimizer" + argument("base_lr", s.min_lr) + argument("max_lr", s.max_lr) +
             argument("step_size_up", s.step_size_up) + ", mode=\"" + std::string(to_string(s.kind)) +
             "\", cycle_momentum=False)";
    case ScheduleKind::reduce_on_plateau:
      return "ReduceLROnPlateau(optimizer" + argument("factor", s.factor) + argument("patience", s.patience) +
             (s.min_lr > 0 ? argument("min_lr", s.min_lr) : "") + ")";
  }
  return "";
}

std::string warmup_part(const Schedule& s) {
  return "LinearLR(optimizer" + argument("start_factor", s.warmup_start) + argument("total_iters", s.warmup) + ")";
}

}  // namespace

double optimizer_lr(const Schedule& schedule) {
  return use_of(schedule.kind) == ScheduleUse::cyclical ? schedule.min_lr : schedule.max_lr;
}

std::string pytorch_code(const Schedule& s) {
  const std::string module = "torch.optim.lr_scheduler.";
  const std::string main = main_part(s);
  if (main.empty()) return "# no scheduler: the rate stays as it is\n";
  const bool plateau = s.kind == ScheduleKind::reduce_on_plateau;
  const std::string after_step = "after every optimizer.step()";
  if (plateau) {
    const std::string check = "every " + text_of(s.check_every) + " steps";
    if (s.warmup == 0) {
      return "scheduler = " + module + main + "\n# " + check + ": scheduler.step(validation_loss)\n";
    }
    return "scheduler = " + module + main + "\nwarmup = " + module + warmup_part(s) + "\n# " + after_step +
           " of the first " + text_of(s.warmup) + ": warmup.step(); then " + check +
           ": scheduler.step(validation_loss)\n";
  }
  if (s.warmup == 0) return "scheduler = " + module + main + "\n# " + after_step + ": scheduler.step()\n";
  return "scheduler = " + module + "SequentialLR(optimizer, milestones=[" + text_of(s.warmup) +
         "], schedulers=[\n    " + module + warmup_part(s) + ",\n    " + module + main + "])\n# " + after_step +
         ": scheduler.step()\n";
}

}  // namespace lrfind::train
