// The lines for Lightning: PyTorch's schedulers, stepped by the Trainer.
#include "schedule/python_text.hpp"

namespace lrfind::train {

namespace {

constexpr const char* per_step = R"("interval": "step")";

// Lightning counts a scheduler's frequency from the beginning of each epoch, a run its steps from its own.
std::string plateau_steps(const Schedule& s) {
  const std::string every = " % " + text_of(s.check_every) + " == 0:\n            scheduler.step(metric)\n";
  const std::string head = "\n    def lr_scheduler_step(self, scheduler, metric):\n";
  if (s.warmup == 0) return head + "        if self.global_step" + every;
  return head + "        done = self.global_step - " + text_of(s.warmup) +
         "\n        if metric is None:\n            if done <= 0:\n                scheduler.step()\n"
         "        elif done > 0 and done" +
         every;
}

std::string plateau(const Schedule& s) {
  const auto parts = torch_scheduler(s);
  const std::string checked =
      std::string(R"({"scheduler": scheduler, )") + per_step + R"(, "monitor": "val_loss", "strict": False})";
  std::string text = "        scheduler = " + parts.schedule + "\n";
  if (parts.warmup.empty()) {
    text += "        return {\"optimizer\": optimizer, \"lr_scheduler\": " + checked + "}\n";
  } else {
    text += "        warmup = " + parts.warmup + "\n        return [optimizer], [{\"scheduler\": warmup, " + per_step +
            "},\n                             " + checked + "]\n";
  }
  return text + plateau_steps(s) +
         "\n\n# it logs \"val_loss\" in validation_step, under Trainer(val_check_interval=" + text_of(s.check_every) +
         ", check_val_every_n_epoch=None)\n";
}

}  // namespace

std::string lightning_code(const Schedule& s, const OptimizerCode& optimizer) {
  std::string text = "import lightning\nimport torch\n" + optimizer.imports + optimizer.note +
                     "\n\nclass Scheduled(lightning.LightningModule):  # the base of your module, or methods of it\n"
                     "    def configure_optimizers(self):\n        " +
                     torch_optimizer_line(s, optimizer, "self");
  if (s.kind == ScheduleKind::reduce_on_plateau) return text + plateau(s);
  if (torch_scheduler(s).schedule.empty())
    return text + "        return optimizer  # no scheduler: the rate stays as it is\n";
  return text + torch_scheduler_lines(s, "        ") +
         "        return {\"optimizer\": optimizer, \"lr_scheduler\": {\"scheduler\": scheduler, " + per_step + "}}\n";
}

}  // namespace lrfind::train
