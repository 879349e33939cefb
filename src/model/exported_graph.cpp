#include "model/exported_graph.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace lrfind::model {

namespace {

using Holds = ExportedProgram::Holds;

std::map<ValueId, const ExportedProgram::Tensor*> tensors_by_value(const ExportedProgram& program) {
  std::map<ValueId, const ExportedProgram::Tensor*> tensors;
  for (const auto& tensor : program.tensors) tensors.emplace(tensor.value, &tensor);
  return tensors;
}

// Which operation answers with a value; none for what is there before a pass.
std::vector<const ExportedOperation*> producers(const ExportedGraph& graph) {
  std::vector<const ExportedOperation*> by_value(graph.program->value_names.size(), nullptr);
  for (const auto& operation : graph.operations) {
    for (const auto value : operation.answers()) by_value[value] = &operation;
  }
  return by_value;
}

// The value that a value is but for its shape and type.
ValueId origin(ValueId value, const std::vector<const ExportedOperation*>& by_value) {
  while (by_value[value] != nullptr && passes_on(by_value[value]->name())) {
    const auto from = by_value[value]->value_at(0);
    if (!from) break;
    value = *from;
  }
  return value;
}

std::optional<double> number_at(const ExportedOperation& operation, std::size_t place) {
  const auto constant = operation.constant_at(place);
  if (constant.isScalar()) return constant.toScalar().toDouble();
  if (constant.isTensor() && constant.toTensor().numel() == 1) return constant.toTensor().item().toDouble();
  return std::nullopt;
}

bool starts_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

// By the value that is divided: by what, where that is a number.
std::map<ValueId, double> divisors(const ExportedGraph& graph) {
  std::map<ValueId, double> by_value;
  for (const auto& operation : graph.operations) {
    if (operation.name() != "aten::div" && operation.name() != "aten::div_") continue;
    const auto value = operation.value_at(0);
    const auto number = number_at(operation, 1);
    if (value && number) by_value.emplace(*value, *number);
  }
  return by_value;
}

// bernoulli(p) / p is 1 on average; undivided, a layer is kept whole in evaluation.
std::optional<double> mean_of_draw(const ExportedOperation& draw, const std::map<ValueId, double>& divisors_of_draws) {
  const auto probability = number_at(draw, 1);
  if (!probability || draw.answers().empty()) return std::nullopt;
  const auto divisor = divisors_of_draws.find(draw.answers().front());
  return divisor != divisors_of_draws.end() && divisor->second == *probability ? *probability : 1.0;
}

// floor(p + rand()) is 1 with probability p; the layer's output was divided by p.
std::optional<double> mean_of_floor(const ExportedOperation& floor,
                                    const std::vector<const ExportedOperation*>& by_value) {
  const auto sum = floor.value_at(0);
  const auto* addition = sum ? by_value[*sum] : nullptr;
  if (addition == nullptr || !starts_with(addition->name(), "aten::add")) return std::nullopt;
  const auto random = addition->value_at(0);
  const auto* draw = random ? by_value[*random] : nullptr;
  if (draw == nullptr || !starts_with(draw->name(), "aten::rand")) return std::nullopt;
  return number_at(*addition, 1);
}

// By value: the one whose memory it may share.
std::vector<ValueId> roots(const ExportedGraph& graph) {
  std::vector<ValueId> root(graph.program->value_names.size());
  for (std::size_t i = 0; i < root.size(); ++i) root[i] = i;
  for (const auto& operation : graph.operations) {
    const auto shared = operation.shares();
    if (!shared) continue;
    for (const auto value : operation.answers()) root[value] = root[*shared];
  }
  return root;
}

}  // namespace

std::vector<ValueId> copied_values(ExportedGraph& graph, const std::string& file) {
  const auto& program = *graph.program;
  const auto tensors = tensors_by_value(program);
  const auto root = roots(graph);
  std::set<ValueId> copied;
  for (const auto& operation : graph.operations) {
    const auto changed = operation.changes();
    if (!changed) continue;
    const auto tensor = tensors.find(root[*changed]);
    if (tensor == tensors.end()) {
      if (root[*changed] == program.images) copied.insert(program.images);
      continue;
    }
    if (tensor->second->holds == Holds::parameter) {
      throw model_error("exported program \"" + file + "\" changes its parameter \"" + tensor->second->name +
                        "\" itself, with " + operation.name() + ", so it cannot be trained");
    }
    if (tensor->second->holds == Holds::constant) copied.insert(root[*changed]);
  }
  for (auto& operation : graph.operations) {
    for (const auto value : operation.reads()) {
      if (copied.count(value) > 0) operation.ask_for(value);
    }
  }
  return {copied.begin(), copied.end()};
}

void update_buffers_in_training_alone(ExportedGraph& graph) {
  const auto tensors = tensors_by_value(*graph.program);
  const auto root = roots(graph);
  std::set<ValueId> read = {graph.program->logits};  // in evaluation mode, by the operations that come later
  for (auto operation = graph.operations.rbegin(); operation != graph.operations.rend(); ++operation) {
    const auto changed = operation->changes();
    const auto tensor = changed ? tensors.find(root[*changed]) : tensors.end();
    const bool changes_buffer = changed && tensor != tensors.end() && tensor->second->holds == Holds::buffer;
    const auto answers = operation->answers();
    const bool is_read =
        std::any_of(answers.begin(), answers.end(), [&](ValueId value) { return read.count(value) > 0; });
    if (changes_buffer || (!changed && !is_read)) {
      operation->only_in_training();
      if (changes_buffer && is_read) read.insert(*changed);
      continue;
    }
    for (const auto value : operation->reads()) read.insert(value);
  }
}

void expect_means_in_evaluation(ExportedGraph& graph) {
  const auto by_value = producers(graph);
  const auto divided = divisors(graph);
  for (auto& operation : graph.operations) {
    std::optional<double> mean;
    if (operation.name() == "aten::bernoulli_" || operation.name() == "aten::bernoulli") {
      mean = mean_of_draw(operation, divided);
    } else if (operation.name() == "aten::floor_" || operation.name() == "aten::floor") {
      mean = mean_of_floor(operation, by_value);
    }
    if (mean) operation.expect_in_evaluation(*mean);
  }
}

void forget_after_last_use(ExportedGraph& graph) {
  std::set<ValueId> kept = {graph.program->logits};
  for (const auto& update : graph.program->buffer_updates) kept.insert(update.value);
  for (auto operation = graph.operations.rbegin(); operation != graph.operations.rend(); ++operation) {
    for (const auto value : operation->reads()) {
      if (kept.insert(value).second) operation->forget_after(value);
    }
  }
}

Uses uses_of_tensors(const ExportedGraph& graph) {
  const auto tensors = tensors_by_value(*graph.program);
  const auto by_value = producers(graph);
  Uses uses;
  for (const auto& operation : graph.operations) {
    const auto* places = find_places(operation.name());
    if (places == nullptr) continue;
    const auto tensor_at = [&](int place) -> std::optional<std::string> {
      const auto value = place < 0 ? std::nullopt : operation.value_at(static_cast<std::size_t>(place));
      if (!value) return std::nullopt;
      const auto tensor = tensors.find(origin(*value, by_value));
      return tensor == tensors.end() ? std::nullopt : std::optional(tensor->second->name);
    };
    note_uses(*places, tensor_at, uses);
  }
  return uses;
}

BakedModes baked_modes(const ExportedGraph& graph) {
  BakedModes modes;
  for (const auto& operation : graph.operations) {
    if (operation.training_in_file() != false) continue;
    if (!operation.is_dropout()) {
      ++modes.frozen_norms;
    } else if (const auto rate = number_at(operation, 1); rate && *rate > 0) {
      ++modes.disabled_dropouts;
    }
  }
  return modes;
}

std::optional<LinearHead> linear_head(const ExportedGraph& graph) {
  const auto tensors = tensors_by_value(*graph.program);
  const auto by_value = producers(graph);
  for (auto operation = graph.operations.rbegin(); operation != graph.operations.rend(); ++operation) {
    const bool is_sum = operation->name() == "aten::addmm";
    if (!is_sum && operation->name() != "aten::linear") continue;
    const auto used = operation->value_at(is_sum ? 2 : 1);
    const auto* turned = used ? by_value[*used] : nullptr;
    const bool is_turned = turned != nullptr && (turned->name() == "aten::t" || turned->name() == "aten::permute" ||
                                                 turned->name() == "aten::transpose");
    if (!used || is_sum != is_turned) continue;  // the layer's own weight is [outputs, inputs]
    const auto weight = is_turned ? turned->value_at(0) : used;
    const auto bias = operation->value_at(is_sum ? 0 : 2);
    if (!weight || tensors.count(*weight) == 0 || (bias && tensors.count(*bias) == 0)) continue;
    return LinearHead{*weight, bias};
  }
  return std::nullopt;
}

}  // namespace lrfind::model
