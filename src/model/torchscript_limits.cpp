#include "model/torchscript_limits.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <string_view>

namespace lrfind::model {

namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;

// Networks in use have some thousands of each.
constexpr double most_modules = 1e5, most_nodes = 1e6;
constexpr int deepest = 500;

struct Refusal {
  std::string why;
};

// Values of what lies within each other, such as calls, computed once for each however often it occurs.
class Totals {
 public:
  Totals(std::string what, double most) : what_(std::move(what)), most_(most) {}

  double of(const void* part, const std::function<double()>& count) {
    const auto [place, first] = totals_.try_emplace(part, unfinished);
    if (!first && place->second == unfinished) throw Refusal{"holds " + what_ + " that contain themselves"};
    if (!first) return place->second;
    if (++depth_ > deepest) throw Refusal{"nests " + what_ + " more than " + std::to_string(deepest) + " deep"};
    const double total = count();
    --depth_;
    if (total > most_) throw Refusal{"nests " + what_ + " so that they multiply beyond all memory"};
    return totals_[part] = total;
  }

 private:
  static constexpr double unfinished = -1;
  std::string what_;
  double most_;
  std::map<const void*, double> totals_;
  int depth_ = 0;
};

double modules_in(const torch::jit::Module& module, Totals& totals) {
  return totals.of(module._ivalue().get(), [&] {
    double count = 1;
    for (const auto& child : module.children()) count += modules_in(child, totals);
    return count;
  });
}

// Mathematics, and the language around it.
bool may_be_called(std::string_view name) {
  constexpr std::string_view rooms[] = {
      "aten",   "prim",      "prims",  "quantized", "_quantized",       "quantization",
      "sparse", "prepacked", "mkldnn", "mkl",       "mkldnn_prepacked", "onednn"};
  constexpr std::string_view reaching[] = {"aten::from_file",      "aten::save",       "prim::rpc_async",
                                           "prim::rpc_sync",       "prim::rpc_remote", "prim::PythonOp",
                                           "prim::IgnoredPythonOp"};
  const auto room = name.substr(0, name.find("::"));
  return std::find(std::begin(rooms), std::end(rooms), room) != std::end(rooms) &&
         std::find(std::begin(reaching), std::end(reaching), name) == std::end(reaching);
}

bool is_constant(const torch::jit::Value* value, const c10::IValue& wanted) {
  const auto constant = torch::jit::toIValue(value);
  if (!constant) return false;
  if (wanted.isBool()) return constant->isBool() && constant->toBool() == wanted.toBool();
  return constant->isInt() && constant->toInt() == wanted.toInt();
}

bool never_ends(const Node& loop) {
  return is_constant(loop.input(0), std::numeric_limits<std::int64_t>::max()) && is_constant(loop.input(1), true) &&
         is_constant(loop.blocks().at(0)->outputs().at(0), true);
}

const torch::jit::Function* callee(const Node& node) {
  if (node.kind() == c10::prim::CallFunction) {
    const auto type = node.input(0)->type()->cast<c10::FunctionType>();
    return type ? type->function() : nullptr;
  }
  if (node.kind() == c10::prim::CallMethod) {
    const auto type = node.input(0)->type()->cast<c10::ClassType>();
    return type ? type->findMethod(node.s(c10::attr::name)) : nullptr;
  }
  return nullptr;
}

double nodes_in(const torch::jit::Function& function, Totals& totals);

double nodes_in(const Block& block, Totals& totals) {
  double count = 0;
  for (const auto* node : block.nodes()) {
    ++count;
    const std::string name = node->kind().toQualString();
    if (!may_be_called(name)) {
      throw Refusal{"calls " + name + ", which reaches beyond the network; lrfind runs mathematics only"};
    }
    if (node->kind() == c10::prim::Loop && never_ends(*node)) throw Refusal{"holds a loop that never ends"};
    if (const auto* called = callee(*node)) count += nodes_in(*called, totals);
    for (const auto* inner : node->blocks()) count += nodes_in(*inner, totals);
    if (node->hasAttribute(c10::attr::Subgraph) && node->kindOf(c10::attr::Subgraph) == torch::jit::AttributeKind::g) {
      count += nodes_in(*node->g(c10::attr::Subgraph)->block(), totals);
    }
  }
  return count;
}

// Of the function with every call replaced by what it calls.
double nodes_in(const torch::jit::Function& function, Totals& totals) {
  auto* with_graph = torch::jit::tryToGraphFunction(const_cast<torch::jit::Function&>(function));
  if (with_graph == nullptr) return 1;
  return totals.of(&function, [&] { return nodes_in(*with_graph->graph()->block(), totals); });
}

void check_tensors(const torch::jit::Module& script, std::uint64_t file_bytes) {
  constexpr double mib = 1 << 20;
  double bytes = 0;
  const auto add = [&](const std::string& name, const torch::Tensor& tensor) {
    if (!tensor.defined()) return;
    if (tensor.layout() != torch::kStrided)
      throw Refusal{"holds the sparse tensor \"" + name + "\", which cannot be trained"};
    bytes += static_cast<double>(tensor.numel()) * static_cast<double>(std::max<std::size_t>(4, tensor.element_size()));
  };
  for (const auto& each : script.named_parameters()) add(each.name, each.value);
  for (const auto& each : script.named_buffers()) add(each.name, each.value);
  // A file in half precision doubles, one in bytes becomes four times as large.
  const double file = static_cast<double>(file_bytes);
  if (bytes > 4 * file + 64 * mib) {
    throw Refusal{"holds tensors of " + std::to_string(static_cast<std::int64_t>(bytes / mib)) + " MiB in a file of " +
                  std::to_string(static_cast<std::int64_t>(file / mib)) + ": they repeat the same values"};
  }
}

}  // namespace

std::string why_not_run(const torch::jit::Module& script, std::uint64_t file_bytes) {
  try {
    Totals modules("modules", most_modules);
    modules_in(script, modules);
    Totals nodes("calls", most_nodes);
    if (const auto forward = script.find_method("forward")) nodes_in(forward->function(), nodes);
    check_tensors(script, file_bytes);
    return {};
  } catch (const Refusal& refusal) {
    return refusal.why;
  }
}

}  // namespace lrfind::model
