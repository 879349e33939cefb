// Which of a suggestion's rates a schedule takes.
#pragma once

#include "schedule/schedule.hpp"

#include <lrfind/suggest.hpp>

#include <optional>

namespace lrfind::train {

/// The rate that a schedule is built on: lr where it is held, else max_lr, or lr where there is none.
std::optional<double> suggested_rate(const Suggestion& suggestion, ScheduleKind kind);

/// That of the schedule which the suggestion's plan names; lr where it names none.
std::optional<double> planned_rate(const Suggestion& suggestion);

}  // namespace lrfind::train
