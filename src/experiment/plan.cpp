#include "experiment/plan.hpp"

#include "analysis/lrfind_rule.hpp"
#include "schedule/schedule.hpp"

#include <lrfind/error.hpp>

#include <algorithm>
#include <cmath>

namespace lrfind::experiment {

namespace {

// Updates of one pass; the last batch of a pass may be smaller.
double steps_per_epoch(const ImageFacts& images) {
  return std::ceil(static_cast<double>(images.train_images) / static_cast<double>(images.images_per_step));
}

bool counted(const ImageFacts& images) { return images.train_images > 0 && images.images_per_step > 0; }

}  // namespace

Plan plan_of(const PlanSettings& settings, const ImageFacts& images) {
  Plan plan;
  if (settings.schedule != "any") plan.schedule = settings.schedule;
  if (settings.epochs > 0 && !counted(images)) {
    throw usage_error(
        "--plan-epochs needs to know how many training images there are, which this curve does not say; "
        "give --plan-steps, the number of updates");
  }
  plan.assumed = settings.epochs == 0 && settings.steps == 0;
  if (settings.steps > 0) plan.steps = static_cast<double>(settings.steps);
  if (settings.epochs > 0) plan.steps = std::max(1.0, std::round(settings.epochs * steps_per_epoch(images)));
  if (counted(images)) plan.epochs = plan.steps / steps_per_epoch(images);
  return plan;
}

PlanSettings with_config(PlanSettings settings, const nlohmann::ordered_json& config) {
  const auto number = [&](const char* key) {
    const auto found = config.find(key);
    return found != config.end() && found->is_number() ? found->get<double>() : 0;
  };
  if (settings.epochs == 0 && settings.steps == 0) {
    settings.epochs = std::max(number("plan-epochs"), 0.0);
    settings.steps = static_cast<std::int64_t>(std::min(std::max(number("plan-steps"), 0.0), 1e15));
  }
  const auto schedule = config.find("plan-schedule");
  if (settings.schedule == "any" && schedule != config.end() && schedule->is_string() &&
      train::parse_schedule(schedule->get<std::string>())) {
    settings.schedule = *schedule;
  }
  return settings;
}

Suggestion for_length(const Suggestion& suggestion, double steps) {
  if (!suggestion.plan) return suggestion;
  Suggestion moved = suggestion;
  Plan& plan = moved.plan->plan;
  const double held = std::pow(10, analysis::longer_training_lr(steps, plan.steps));
  const auto scale = [](std::optional<double>& rate, double factor) {
    if (rate) *rate *= factor;
  };
  scale(moved.lr, held);
  scale(moved.plan->longer_lr, held);
  if (moved.interval) moved.interval = Interval{moved.interval->lo * held, moved.interval->hi * held};
  if (moved.lr && moved.max_lr) moved.max_lr = std::max(*moved.lr, *moved.max_lr);
  if (moved.lr && moved.min_lr) moved.min_lr = std::min(*moved.lr, *moved.min_lr);
  if (plan.epochs) *plan.epochs *= steps / plan.steps;
  plan.steps = steps;
  plan.assumed = false;
  return moved;
}

}  // namespace lrfind::experiment
