// The lines for Keras 3: its own schedules where they give these rates, otherwise a callback that sets them.
#include "schedule/python_text.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace lrfind::train {

namespace {

constexpr const char* schedules = "keras.optimizers.schedules.";

// What repeated multiplication by a factor comes to, to as many digits as it is known to.
std::string power(double factor, int times) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.12g", std::pow(factor, times));
  return buffer.data();
}

std::string cosine(const Schedule& s) {
  const std::string least = s.min_lr > 0 ? argument("alpha", s.min_lr / s.max_lr) : "";
  const std::string steps = argument("decay_steps", s.steps - s.warmup) + least + ")";
  if (s.warmup == 0) return "CosineDecay(" + rate_text(s.max_lr) + steps;
  return "CosineDecay(" + rate_text(s.warmup_start * s.max_lr) + ", warmup_target=" + rate_text(s.max_lr) +
         argument("warmup_steps", s.warmup) + steps;
}

// Keras' own schedule as an expression; empty where it has none with these rates.
std::string own_schedule(const Schedule& s) {
  if (s.kind == ScheduleKind::cosine || s.kind == ScheduleKind::linear_warmup_cosine) return cosine(s);
  if (s.kind == ScheduleKind::constant) {
    return "PolynomialDecay(" + rate_text(s.warmup_start * s.max_lr) + argument("decay_steps", s.warmup) +
           ", end_learning_rate=" + rate_text(s.max_lr) + ")";
  }
  if (s.warmup > 0) return "";
  const std::string start = std::string("(") + rate_text(s.max_lr);
  switch (s.kind) {
    case ScheduleKind::step:
      return "ExponentialDecay" + start + argument("decay_steps", s.step_size) + argument("decay_rate", s.gamma) +
             ", staircase=True)";
    case ScheduleKind::exponential:
      return "ExponentialDecay" + start + argument("decay_steps", s.steps) + ", decay_rate=" + power(s.gamma, s.steps) +
             ")";
    case ScheduleKind::cosine_warm_restarts:
      return "CosineDecayRestarts" + start + argument("first_decay_steps", s.first_cycle) +
             argument("t_mul", static_cast<double>(s.cycle_growth)) +
             (s.min_lr > 0 ? argument("alpha", s.min_lr / s.max_lr) : "") + ")";
    default:
      return "";
  }
}

std::string half_cosine(double from, double to, const std::string& share) {
  const double height = from - to;
  return text_of(to) + (height < 0 ? " - " : " + ") + text_of(std::abs(height)) + " * (1 + math.cos(math.pi * " +
         share + ")) / 2\n";
}

std::string one_cycle(const Schedule& s) {
  const double first = s.max_lr / s.div_factor, last = first / s.final_div_factor;
  const double peak = s.pct_start * s.steps - 1, end = s.steps - 1;
  const std::string fall = half_cosine(s.max_lr, last, "(step - " + text_of(peak) + ") / " + text_of(end - peak));
  if (!(peak > 0)) return "    return " + fall;
  return "    if step <= " + text_of(peak) + ":\n        return " +
         half_cosine(first, s.max_lr, "step / " + text_of(peak)) + "    return " + fall;
}

std::string after_warmup(const Schedule& s) {
  const std::string start = rate_text(s.max_lr);
  switch (s.kind) {
    case ScheduleKind::step:
      return "    return " + start + " * " + text_of(s.gamma) + " ** (step // " + text_of(s.step_size) + ")\n";
    case ScheduleKind::exponential:
      return "    return " + start + " * " + text_of(s.gamma) + " ** step\n";
    case ScheduleKind::cosine_warm_restarts:
      return "    length = " + text_of(s.first_cycle) +
             "\n    while step >= length:\n        step -= length\n        length *= " + text_of(s.cycle_growth) +
             "\n    return " + half_cosine(s.max_lr, s.min_lr, "step / length");
    case ScheduleKind::one_cycle:
      return one_cycle(s);
    case ScheduleKind::triangular:
    case ScheduleKind::triangular2:
      return "    cycle, place = divmod(step, " + text_of(2 * s.step_size_up) + ")\n    height = 1 - abs(place / " +
             text_of(s.step_size_up) + " - 1)\n    return " + text_of(s.min_lr) + " + " + text_of(s.max_lr - s.min_lr) +
             " * height" + (s.kind == ScheduleKind::triangular2 ? " / 2 ** cycle\n" : "\n");
    default:
      return "    return " + start + "\n";
  }
}

// def rate(step), from 0.
std::string rate_function(const Schedule& s) {
  std::string text = "\n\ndef rate(step):\n";
  if (s.warmup > 0) {
    const double first = s.warmup_start * s.max_lr;
    text += "    if step < " + text_of(s.warmup) + ":\n        return " + text_of(first) + " + " +
            text_of(s.max_lr - first) + " * step / " + text_of(s.warmup) + "\n";
    if (s.kind != ScheduleKind::reduce_on_plateau) text += "    step -= " + text_of(s.warmup) + "\n";
  }
  return text + after_warmup(s);
}

std::string rate_callback(const std::string& name) {
  return "\n\nclass " + name +
         "(keras.callbacks.Callback):\n    step = 0\n\n"
         "    def on_train_batch_begin(self, batch, logs=None):\n"
         "        self.model.optimizer.learning_rate = rate(self.step)\n        self.step += 1\n";
}

std::string optimizer_line(const OptimizerCode& optimizer, const std::string& rate) {
  if (optimizer.type.empty()) return optimizer.note;
  return optimizer.note + "optimizer = " + optimizer.type + "(learning_rate=" + rate + optimizer.arguments + ")\n";
}

// Keras looks at the loss when an epoch ends, and its patience counts one more.
std::string plateau(const Schedule& s, const OptimizerCode& optimizer) {
  const std::string callback = "plateau = keras.callbacks.ReduceLROnPlateau(monitor=\"val_loss\"" +
                               argument("factor", s.factor) + argument("patience", s.patience + 1) +
                               (s.min_lr > 0 ? argument("min_lr", s.min_lr) : "") + ")\n";
  const std::string fit = "model.fit(..., steps_per_epoch=" + text_of(s.check_every) + ", callbacks=[plateau])\n";
  const std::string differs =
      "# Keras checks after every epoch, and 1e-4 less loss is better, where PyTorch wants 0.01 % less\n";
  if (s.warmup == 0)
    return "import keras\n" + optimizer_line(optimizer, rate_text(s.max_lr)) + callback + differs + "# " + fit;
  return "import keras\n" + rate_function(s) + rate_callback("WarmUp") +
         "\n    def on_train_end(self, logs=None):\n        self.model.optimizer.learning_rate = " +
         rate_text(s.max_lr) + "\n\n\n" + optimizer_line(optimizer, "rate(0)") + callback + differs +
         "# model.fit(..., epochs=1, steps_per_epoch=" + text_of(s.warmup) + ", callbacks=[WarmUp()]), then " + fit;
}

}  // namespace

std::string keras_code(const Schedule& s, const OptimizerCode& optimizer) {
  if (s.kind == ScheduleKind::reduce_on_plateau) return plateau(s, optimizer);
  if (s.kind == ScheduleKind::constant && s.warmup == 0) {
    return "import keras\n" + optimizer_line(optimizer, rate_text(s.max_lr)) +
           "# no schedule: the rate stays as it is\n";
  }
  const std::string own = own_schedule(s);
  if (!own.empty()) {
    return "import keras\nschedule = " + std::string(schedules) + own + "\n" + optimizer_line(optimizer, "schedule") +
           "# model.compile(optimizer=optimizer, ...): every step takes its rate from the schedule\n";
  }
  return "import math\nimport keras\n# Keras has no " + called(s) + " with these rates: this callback sets them\n" +
         rate_function(s) + rate_callback("Schedule") + "\n\n" + optimizer_line(optimizer, "rate(0)") +
         "# model.fit(..., callbacks=[Schedule()])\n";
}

}  // namespace lrfind::train
