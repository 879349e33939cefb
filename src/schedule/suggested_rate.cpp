#include "schedule/suggested_rate.hpp"

namespace lrfind::train {

std::optional<double> suggested_rate(const Suggestion& suggestion, ScheduleKind kind) {
  if (use_of(kind) == ScheduleUse::constant) return suggestion.lr;
  return suggestion.max_lr ? suggestion.max_lr : suggestion.lr;
}

std::optional<double> planned_rate(const Suggestion& suggestion) {
  const auto kind = suggestion.plan ? parse_schedule(suggestion.plan->plan.schedule) : std::nullopt;
  return suggested_rate(suggestion, kind.value_or(ScheduleKind::constant));
}

}  // namespace lrfind::train
