#include "schedule/training_code.hpp"

#include "schedule/python_text.hpp"

#include <algorithm>
#include <array>

namespace lrfind::train {

namespace {

constexpr std::array<std::string_view, 5> names = {"pytorch", "lightning", "keras", "transformers", "timm"};

}  // namespace

std::vector<std::string> framework_names() { return {names.begin(), names.end()}; }

std::optional<Framework> parse_framework(std::string_view name) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Framework>(found - names.begin());
}

std::string called(const Schedule& schedule) {
  const std::string name = std::string(to_string(schedule.kind)) + " schedule";
  const bool said = schedule.warmup == 0 || schedule.kind == ScheduleKind::linear_warmup_cosine;
  return said ? name : name + " after a warm-up";
}

std::string training_code(Framework framework, const Schedule& schedule, const OptimizerCode& optimizer,
                          const BatchCode& batches) {
  switch (framework) {
    case Framework::lightning:
      return lightning_code(schedule, optimizer);
    case Framework::keras:
      return keras_code(schedule, optimizer);
    case Framework::transformers:
      return transformers_code(schedule, optimizer, batches);
    case Framework::timm:
      return timm_code(schedule, optimizer);
    case Framework::pytorch:
      break;
  }
  return "import torch\n" + optimizer.imports + optimizer.note + torch_optimizer_line(schedule, optimizer, "model") +
         pytorch_code(schedule);
}

}  // namespace lrfind::train
