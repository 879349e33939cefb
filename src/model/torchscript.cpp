#include "model/torchscript.hpp"
#include <lrfind/error.hpp>

#include "model/initialise.hpp"
#include "model/model_file.hpp"
#include "model/torchscript_file.hpp"
#include "model/torchscript_graph.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/jit_exception.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/script.h>

#include <map>
#include <set>

namespace lrfind::model {

namespace {

std::string class_name(const torch::jit::Module& module) {
  const auto name = module.type()->name();
  return name ? name->name() : "";
}

torch::Tensor tensor_attribute(const torch::jit::Module& module, const std::string& name) {
  if (!module.hasattr(name)) return {};
  const auto value = module.attr(name);
  return value.isTensor() ? value.toTensor() : torch::Tensor();
}

bool is_affine(const std::string& name) { return name == "Linear" || name.rfind("Conv", 0) == 0; }

bool is_norm(const std::string& name) {
  return name.find("BatchNorm") != std::string::npos || name.find("InstanceNorm") != std::string::npos ||
         name == "GroupNorm" || name == "LayerNorm" || name == "RMSNorm";
}

void initialise_module(const torch::jit::Module& module, const std::string& name, at::Generator& generator) {
  const auto weight = tensor_attribute(module, "weight");
  const auto bias = tensor_attribute(module, "bias");
  if (is_affine(name)) {
    // PyTorch's transposed convolutions count the fan-in over their second dimension as well: [in, out / groups, ...].
    initialise_affine(weight, bias, generator);
  } else if (name == "Embedding") {
    const torch::NoGradGuard no_grad;
    weight.copy_(torch::empty(weight.sizes()).normal_(0, 1, generator));
  } else if (name == "PReLU") {
    const torch::NoGradGuard no_grad;
    weight.fill_(0.25);
  } else {
    initialise_norm(weight, bias, tensor_attribute(module, "running_mean"), tensor_attribute(module, "running_var"),
                    tensor_attribute(module, "num_batches_tracked"));
  }
}

// A tensor that several layers share comes back from a file as several tensors on the same memory, which would be
// trained apart: they become one again.
void share_again(torch::jit::Module& script) {
  std::map<const void*, torch::Tensor> by_memory;
  for (auto module : script.modules()) {
    for (const auto& item : module.named_parameters(false)) {
      if (item.value.numel() == 0) continue;
      const auto& first = by_memory.emplace(item.value.data_ptr(), item.value).first->second;
      if (!first.is_same(item.value) && first.sizes() == item.value.sizes() &&
          first.strides() == item.value.strides()) {
        module.setattr(item.name, first);
      }
    }
  }
}

template <typename List>
std::vector<NamedTensor> named(const List& tensors) {
  std::vector<NamedTensor> list;
  for (const auto& item : tensors) list.push_back({item.name, item.value});
  return each_once(list);
}

}  // namespace

struct TorchScriptNetwork::Module {
  torch::jit::Module script;
  std::string path;
};

TorchScriptNetwork::TorchScriptNetwork(const std::string& path)
    : module_(std::make_unique<Module>(Module{load_torchscript(path), path})) {
  auto& script = module_->script;
  const auto method = script.find_method("forward");
  if (!method) throw model_error("model file \"" + path + "\" has no forward method, so it cannot be run on images");
  const auto& arguments = method->function().getSchema().arguments();
  std::size_t required = 0;
  for (std::size_t i = 1; i < arguments.size(); ++i) required += arguments[i].default_value() ? 0U : 1U;
  if (arguments.size() < 2 || required > 1) {
    throw model_error("forward of \"" + path + "\" takes " + std::to_string(required) +
                      " inputs; it must take one, a batch of images [N, channels, height, width]");
  }
  share_again(script);
  require_trainable(parameters(), path);
  for (const auto& [name, tensor] : buffers()) {
    if (tensor.is_floating_point() && tensor.scalar_type() != torch::kFloat) tensor.set_data(tensor.to(torch::kFloat));
  }
  script.train();
}

TorchScriptNetwork::~TorchScriptNetwork() = default;

torch::Tensor TorchScriptNetwork::forward(const torch::Tensor& images) {
  // The interpreter alone: its optimiser profiles the first passes, and then differentiates with three passes over the
  // activations per ReLU where autograd takes one.
  const torch::jit::GraphOptimizerEnabledGuard plain(false);
  try {
    const auto output = module_->script.forward({images});
    if (!output.isTensor()) {
      throw model_error("forward of \"" + module_->path + "\" answers with " + output.tagKind() +
                        "; it must answer with one tensor of logits [N, classes]");
    }
    return output.toTensor();
  } catch (const Error&) {
    throw;
  } catch (const torch::jit::JITException& error) {
    throw model_error("\"" + module_->path + "\" raised an error on a batch of images: " + reason_in(error.what()));
  } catch (const std::exception& error) {
    throw_cannot_run("\"" + module_->path + "\"", images, error);
  }
}

std::vector<NamedTensor> TorchScriptNetwork::parameters() const { return named(module_->script.named_parameters()); }

std::vector<NamedTensor> TorchScriptNetwork::buffers() const { return named(module_->script.named_buffers()); }

void TorchScriptNetwork::train(bool on) { module_->script.train(on); }

std::vector<std::string> TorchScriptNetwork::initialise(std::uint64_t seed) {
  auto generator = make_generator(seed);
  std::set<const void*> fresh;
  for (const auto& item : module_->script.named_modules()) {
    const std::string name = class_name(item.value);
    if (!is_affine(name) && !is_norm(name) && name != "Embedding" && name != "PReLU") continue;
    const auto weight = tensor_attribute(item.value, "weight");
    const bool has_state = weight.defined() || tensor_attribute(item.value, "running_mean").defined();
    if (!has_state) continue;
    initialise_module(item.value, name, generator);
    for (const auto& own : item.value.named_parameters(false)) fresh.insert(own.value.unsafeGetTensorImpl());
    for (const auto& own : item.value.named_buffers(false)) fresh.insert(own.value.unsafeGetTensorImpl());
  }
  initialise_by_uses(*this, uses_of_tensors(module_->script), fresh, generator);
  return left_as_they_were(*this, fresh);
}

std::vector<std::string> TorchScriptNetwork::notes() const {
  return notes_of(baked_modes(module_->script), module_->path, "traced");
}

void TorchScriptNetwork::replace_head(std::int64_t classes, std::uint64_t seed) {
  std::optional<torch::jit::Module> head;
  for (const auto& item : module_->script.named_modules()) {
    if (class_name(item.value) == "Linear" && tensor_attribute(item.value, "weight").defined()) head = item.value;
  }
  if (!head) throw no_linear_head(module_->path, classes);
  auto generator = make_generator(seed);
  const auto old = tensor_attribute(*head, "weight");
  const auto old_bias = tensor_attribute(*head, "bias");
  auto weight = torch::empty({classes, old.size(1)}).requires_grad_(true);
  auto bias = old_bias.defined() ? torch::empty({classes}).requires_grad_(true) : torch::Tensor();
  initialise_affine(weight, bias, generator);
  head->setattr("weight", weight);
  if (bias.defined()) head->setattr("bias", bias);
}

namespace {

// LibTorch's handler is a plain function, so what it calls cannot lie elsewhere.
std::function<void(const std::string&)>& listener_of_networks() {
  static auto* const listener = new std::function<void(const std::string&)>;
  return *listener;
}

}  // namespace

void hear_networks(std::function<void(const std::string& text)> listener) {
  listener_of_networks() = std::move(listener);
  torch::jit::setPrintHandler([](const std::string& text) {
    if (const auto& hear = listener_of_networks()) hear(text);
  });
}

}  // namespace lrfind::model
