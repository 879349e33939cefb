#include "model/torchscript_graph.hpp"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <functional>
#include <optional>
#include <string_view>

namespace lrfind::model {

namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

void each_node(at::ArrayRef<const torch::jit::Block*> blocks, const std::function<void(const Node&)>& look) {
  for (const auto* block : blocks) {
    for (const auto* node : block->nodes()) {
      look(*node);
      each_node(node->blocks(), look);
    }
  }
}

void each_node(const Graph& graph, const std::function<void(const Node&)>& look) {
  const torch::jit::Block* block = graph.block();
  each_node(at::ArrayRef<const torch::jit::Block*>(block), look);
}

bool has_calls(const Graph& graph) {
  bool found = false;
  each_node(graph, [&](const Node& node) {
    found = found || node.kind() == c10::prim::CallFunction || node.kind() == c10::prim::CallMethod;
  });
  return found;
}

// forward with every call replaced by what is called. What was run before without the interpreter's optimiser is
// replaced by one level of calls at a time; calls by way of an interface stay.
std::shared_ptr<Graph> inlined(const torch::jit::Module& script) {
  constexpr int deepest = 64;
  auto graph = script.get_method("forward").graph()->copy();
  for (int level = 0; level < deepest && has_calls(*graph); ++level) torch::jit::Inline(*graph);
  return graph;
}

std::string_view operator_of(const Node& node) { return node.kind().toQualString(); }

// "" for the module itself, "features.0.weight" for what it holds; nothing for a computed value.
std::optional<std::string> path_of(const Value* value, const Value* self) {
  if (value == self) return std::string();
  const auto* node = value->node();
  if (node->kind() != c10::prim::GetAttr) return std::nullopt;
  const auto owner = path_of(node->input(0), self);
  if (!owner) return std::nullopt;
  return (owner->empty() ? "" : *owner + ".") + node->s(c10::attr::name);
}

// The tensor of the module that a value is, possibly in another shape.
std::optional<std::string> tensor_of(const Value* value, const Value* self) {
  while (!path_of(value, self)) {
    const auto* node = value->node();
    if (node->kind() == c10::prim::If) {  // such as "if self.bias is not None"
      for (const auto* block : node->blocks()) {
        if (auto name = tensor_of(block->outputs()[value->offset()], self)) return name;
      }
      return std::nullopt;
    }
    if (!passes_on(operator_of(*node)) || node->inputs().empty()) return std::nullopt;
    value = node->input(0);
  }
  return path_of(value, self);
}

std::optional<bool> constant_flag(const Node& node, std::size_t place) {
  if (node.inputs().size() <= place) return std::nullopt;
  const auto value = torch::jit::toIValue(node.input(place));
  return value && value->isBool() ? std::optional(value->toBool()) : std::nullopt;
}

}  // namespace

Uses uses_of_tensors(const torch::jit::Module& script) {
  const auto graph = inlined(script);
  const auto* self = graph->inputs().at(0);
  Uses uses;
  each_node(*graph, [&](const Node& node) {
    const auto* places = find_places(operator_of(node));
    if (places == nullptr) return;
    const auto tensor_at = [&](int place) {
      return place < 0 || static_cast<std::size_t>(place) >= node.inputs().size()
                 ? std::nullopt
                 : tensor_of(node.input(static_cast<std::size_t>(place)), self);
    };
    note_uses(*places, tensor_at, uses);
  });
  return uses;
}

BakedModes baked_modes(const torch::jit::Module& script) {
  const auto graph = inlined(script);
  const auto* self = graph->inputs().at(0);
  BakedModes modes;
  each_node(*graph, [&](const Node& node) {
    const auto name = operator_of(node);
    if (name == "aten::batch_norm" || name == "aten::instance_norm") {
      // Statistics of the batch, or the file's; a layer without any of its own has no choice.
      const bool has_statistics = node.inputs().size() > 5 && tensor_of(node.input(3), self);
      if (has_statistics && constant_flag(node, 5) == false) ++modes.frozen_norms;
    } else if (name.substr(0, 6) == "aten::" && name.find("dropout") != std::string_view::npos) {
      const auto on = constant_flag(node, 2);
      if (!on) return;
      // Attention's own has no mode: it is given a rate of 0 in evaluation.
      const auto rate = torch::jit::toIValue(node.input(1));
      if (!rate || (rate->isDouble() && rate->toDouble() == 0)) return;
      ++(*on ? modes.enabled_dropouts : modes.disabled_dropouts);
    }
  });
  return modes;
}

}  // namespace lrfind::model
