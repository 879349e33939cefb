// The PyTorch lines of a schedule.
#include "schedule/python_text.hpp"
#include "schedule/schedule.hpp"

#include <array>
#include <charconv>

namespace lrfind::train {

namespace {

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

constexpr const char* module = "torch.optim.lr_scheduler.";

}  // namespace

std::string text_of(double value) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string text_of(int value) { return std::to_string(value); }

std::string rate_text(double rate) {
  if (rate < 1e-4 || rate >= 1e15) return text_of(rate);
  std::array<char, 64> buffer{};
  std::string text(buffer.data(),
                   std::to_chars(buffer.data(), buffer.data() + buffer.size(), rate, std::chars_format::fixed).ptr);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

TorchScheduler torch_scheduler(const Schedule& schedule) {
  const std::string main = main_part(schedule);
  if (main.empty()) return {};
  return {module + main, schedule.warmup > 0 ? module + warmup_part(schedule) : ""};
}

std::string torch_scheduler_lines(const Schedule& schedule, const std::string& indent) {
  const auto parts = torch_scheduler(schedule);
  if (parts.warmup.empty()) return indent + "scheduler = " + parts.schedule + "\n";
  return indent + "scheduler = " + module + "SequentialLR(optimizer, milestones=[" + text_of(schedule.warmup) +
         "], schedulers=[\n" + indent + "    " + parts.warmup + ",\n" + indent + "    " + parts.schedule + "])\n";
}

std::string torch_optimizer_line(const Schedule& schedule, const OptimizerCode& optimizer, const std::string& owner) {
  return "optimizer = " + optimizer.type + "(" + owner + ".parameters(), lr=" + rate_text(optimizer_lr(schedule)) +
         optimizer.arguments + ")\n";
}

double optimizer_lr(const Schedule& schedule) {
  return use_of(schedule.kind) == ScheduleUse::cyclical ? schedule.min_lr : schedule.max_lr;
}

std::string pytorch_code(const Schedule& s) {
  const auto parts = torch_scheduler(s);
  if (parts.schedule.empty()) return "# no scheduler: the rate stays as it is\n";
  const bool plateau = s.kind == ScheduleKind::reduce_on_plateau;
  const std::string after_step = "after every optimizer.step()";
  if (!plateau) return torch_scheduler_lines(s, "") + "# " + after_step + ": scheduler.step()\n";
  const std::string check = "every " + text_of(s.check_every) + " steps: scheduler.step(validation_loss)\n";
  if (parts.warmup.empty()) return torch_scheduler_lines(s, "") + "# " + check;
  return "scheduler = " + parts.schedule + "\nwarmup = " + parts.warmup + "\n# " + after_step + " of the first " +
         text_of(s.warmup) + ": warmup.step(); then " + check;
}

}  // namespace lrfind::train
