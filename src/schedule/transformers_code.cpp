// The lines for the Trainer of transformers: its own schedules where they give these rates, PyTorch's otherwise. Its
// warm-ups begin at 0, where the first step would change nothing.
#include "schedule/python_text.hpp"

namespace lrfind::train {

namespace {

// Arguments that choose one of the Trainer's own schedules; empty where it has none with these rates.
std::string own_schedule(const Schedule& s) {
  if (s.warmup > 0) return "";
  switch (s.kind) {
    case ScheduleKind::constant:
      return R"(, lr_scheduler_type="constant")";
    case ScheduleKind::cosine:
      if (s.min_lr > 0) {
        return R"(, lr_scheduler_type="cosine_with_min_lr", lr_scheduler_kwargs={"min_lr": )" + text_of(s.min_lr) + "}";
      }
      return R"(, lr_scheduler_type="cosine")";
    case ScheduleKind::reduce_on_plateau:
      return R"(, lr_scheduler_type="reduce_lr_on_plateau", lr_scheduler_kwargs={"factor": )" + text_of(s.factor) +
             ", \"patience\": " + text_of(s.patience) + (s.min_lr > 0 ? ", \"min_lr\": " + text_of(s.min_lr) : "") +
             "}";
    default:
      return "";
  }
}

std::string arguments_line(const Schedule& s, const BatchCode& batches, const std::string& own) {
  std::string text = "arguments = transformers.TrainingArguments(\"output\"" + argument("max_steps", s.steps) + own;
  if (s.kind == ScheduleKind::reduce_on_plateau) {
    text += ", eval_strategy=\"steps\"" + argument("eval_steps", s.check_every);
    // The first check comes after the warm-up.
    if (s.warmup > 0) text += argument("eval_delay", s.warmup + 1) + ", metric_for_best_model=\"loss\"";
  }
  text += argument("max_grad_norm", batches.grad_clip);
  if (batches.batch_size > 0) text += argument("per_device_train_batch_size", static_cast<int>(batches.batch_size));
  if (batches.accumulate > 1) text += argument("gradient_accumulation_steps", static_cast<int>(batches.accumulate));
  return text + ")\n";
}

std::string trainer_line(const Schedule& s, const std::string& scheduler, const std::string& more) {
  return std::string("trainer = transformers.Trainer(model, arguments, train_dataset=train_dataset") +
         (s.kind == ScheduleKind::reduce_on_plateau ? ", eval_dataset=eval_dataset" : "") + ",\n" +
         "                               optimizers=(optimizer, " + scheduler + ")" + more + ")\n";
}

// The Trainer steps a scheduler on the plateau when it evaluates; the warm-up is stepped beside it.
std::string warmup_callback(const Schedule& s, const TorchScheduler& parts) {
  return "scheduler = " + parts.schedule + "\nwarmup = " + parts.warmup +
         "\n\n\nclass WarmUp(transformers.TrainerCallback):\n"
         "    def on_step_end(self, arguments, state, control, **others):\n        if state.global_step <= " +
         text_of(s.warmup) + ":\n            warmup.step()\n\n\n";
}

}  // namespace

std::string transformers_code(const Schedule& s, const OptimizerCode& optimizer, const BatchCode& batches) {
  const std::string own = own_schedule(s);
  const std::string head = "import torch\nimport transformers\n" + optimizer.imports + optimizer.note +
                           torch_optimizer_line(s, optimizer, "model");
  if (!own.empty()) return head + arguments_line(s, batches, own) + trainer_line(s, "None", "");
  const std::string lacking = "# the Trainer has no " + called(s) + " with these rates: it is given PyTorch's\n";
  if (s.kind == ScheduleKind::reduce_on_plateau) {
    return head + lacking + warmup_callback(s, torch_scheduler(s)) + arguments_line(s, batches, "") +
           trainer_line(s, "scheduler", ", callbacks=[WarmUp()]");
  }
  return head + lacking + torch_scheduler_lines(s, "") + arguments_line(s, batches, "") +
         trainer_line(s, "scheduler", "");
}

}  // namespace lrfind::train
