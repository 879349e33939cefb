#include "model/torchscript.hpp"

#include "model/initialise.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/jit_exception.h>
#include <torch/script.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

namespace lrfind::model {

namespace {

// The first line of a LibTorch error says what went wrong; the rest is a stack trace, which is not for users.
std::string first_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find_first_not_of(" \t") != std::string::npos) return line;
  }
  return "unknown error";
}

// A TorchScript error names the failing line of the network in the middle and the reason at its end.
std::string reason(const std::string& text) {
  const auto at = text.rfind("RuntimeError: ");
  return first_line(at == std::string::npos ? text : text.substr(at));
}

torch::jit::Module load(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) throw ModelError("model file \"" + path + "\" does not exist");
  if (std::filesystem::is_directory(path, error)) {
    throw ModelError("model \"" + path +
                     "\" is a folder; a TorchScript file is needed (scripts/export_torchscript.py)");
  }
  try {
    return torch::jit::load(path, torch::kCPU);
  } catch (const std::exception&) {
    throw ModelError("model file \"" + path +
                     "\" is not TorchScript (a checkpoint of weights alone cannot be run); export it with "
                     "torch.jit.script or scripts/export_torchscript.py");
  }
}

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
std::vector<NamedTensor> each_once(const List& tensors) {
  std::set<const void*> seen;
  std::vector<NamedTensor> list;
  for (const auto& item : tensors) {
    if (seen.insert(item.value.unsafeGetTensorImpl()).second) list.push_back({item.name, item.value});
  }
  return list;
}

}  // namespace

struct TorchScriptNetwork::Module {
  torch::jit::Module script;
  std::string path;
};

TorchScriptNetwork::TorchScriptNetwork(const std::string& path)
    : module_(std::make_unique<Module>(Module{load(path), path})) {
  auto& script = module_->script;
  const auto method = script.find_method("forward");
  if (!method) throw ModelError("model file \"" + path + "\" has no forward method, so it cannot be run on images");
  const auto& arguments = method->function().getSchema().arguments();
  std::size_t required = 0;
  for (std::size_t i = 1; i < arguments.size(); ++i) required += arguments[i].default_value() ? 0U : 1U;
  if (arguments.size() < 2 || required > 1) {
    throw ModelError("forward of \"" + path + "\" takes " + std::to_string(required) +
                     " inputs; it must take one, a batch of images [N, channels, height, width]");
  }
  share_again(script);
  const auto all = parameters();
  if (all.empty()) throw ModelError("model file \"" + path + "\" has no parameters to train (is it frozen?)");
  for (const auto& [name, tensor] : all) {
    if (!tensor.is_floating_point()) {
      throw ModelError("parameter \"" + name + "\" of \"" + path + "\" is " + std::string(tensor.dtype().name()) +
                       ", not floating point; a quantised network cannot be trained");
    }
    const torch::NoGradGuard no_grad;
    if (tensor.scalar_type() != torch::kFloat) tensor.set_data(tensor.to(torch::kFloat));
    tensor.requires_grad_(true);
  }
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
      throw ModelError("forward of \"" + module_->path + "\" answers with " + output.tagKind() +
                       "; it must answer with one tensor of logits [N, classes]");
    }
    return output.toTensor();
  } catch (const ModelError&) {
    throw;
  } catch (const torch::jit::JITException& error) {
    throw ModelError("\"" + module_->path + "\" raised an error on a batch of images: " + reason(error.what()));
  } catch (const std::exception& error) {
    // An operator's own error comes as c10::Error; the interpreter of LibTorch 1.13 makes a std::runtime_error of it.
    const auto* of_operator = dynamic_cast<const c10::Error*>(&error);
    const std::string text = of_operator != nullptr ? of_operator->what_without_backtrace() : error.what();
    for (const char* trouble : {"memory", "CUDA", "cuDNN"}) {
      if (text.find(trouble) != std::string::npos) throw;  // the device's trouble, not the network's
    }
    throw ModelError("\"" + module_->path + "\" cannot be run on images of " + std::to_string(images.size(1)) + " x " +
                     std::to_string(images.size(2)) + " x " + std::to_string(images.size(3)) +
                     " (channels, height, width): " + reason(text));
  }
}

std::vector<NamedTensor> TorchScriptNetwork::parameters() const {
  return each_once(module_->script.named_parameters());
}

std::vector<NamedTensor> TorchScriptNetwork::buffers() const { return each_once(module_->script.named_buffers()); }

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
  }
  std::vector<std::string> left;
  for (const auto& [name, tensor] : parameters()) {
    if (fresh.count(tensor.unsafeGetTensorImpl()) == 0) left.push_back(name);
  }
  return left;
}

std::optional<std::int64_t> TorchScriptNetwork::channels() const {
  for (const auto& item : module_->script.named_modules()) {
    if (class_name(item.value) != "Conv2d") continue;
    const auto weight = tensor_attribute(item.value, "weight");
    if (weight.defined() && weight.dim() == 4) return weight.size(1);
  }
  return std::nullopt;
}

void TorchScriptNetwork::replace_head(std::int64_t classes, std::uint64_t seed) {
  std::optional<torch::jit::Module> head;
  for (const auto& item : module_->script.named_modules()) {
    if (class_name(item.value) == "Linear" && tensor_attribute(item.value, "weight").defined()) head = item.value;
  }
  if (!head) {
    throw ModelError("--replace-head needs a network that ends in a linear layer, and \"" + module_->path +
                     "\" has none; give its last layer " + std::to_string(classes) + " outputs before exporting it");
  }
  auto generator = make_generator(seed);
  const auto old = tensor_attribute(*head, "weight");
  const auto old_bias = tensor_attribute(*head, "bias");
  auto weight = torch::empty({classes, old.size(1)}).requires_grad_(true);
  auto bias = old_bias.defined() ? torch::empty({classes}).requires_grad_(true) : torch::Tensor();
  initialise_affine(weight, bias, generator);
  head->setattr("weight", weight);
  if (bias.defined()) head->setattr("bias", bias);
}

void check_output(Network& network, const torch::Tensor& images, std::int64_t classes) {
  const torch::NoGradGuard no_grad;
  network.train(false);
  const auto output = network.forward(images);
  network.train(true);
  std::ostringstream shape;
  shape << output.sizes();
  const std::string must =
      "; it must be [N, classes], here [" + std::to_string(images.size(0)) + ", " + std::to_string(classes) + "]";
  if (!output.is_floating_point()) {
    throw ModelError("the network's output is " + std::string(output.dtype().name()) + ", not floating-point logits");
  }
  if (output.dim() != 2 || output.size(0) != images.size(0)) {
    throw ModelError("the network's output has shape " + shape.str() + must);
  }
  if (output.size(1) != classes) {
    throw ModelError("the network answers with " + std::to_string(output.size(1)) + " classes and the data has " +
                     std::to_string(classes) + "; --replace-head gives it a fresh last layer of the right size");
  }
}

}  // namespace lrfind::model
