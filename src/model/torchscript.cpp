#include "model/torchscript.hpp"
#include <lrfind/error.hpp>

#include "model/initialise.hpp"
#include "model/torchscript_file.hpp"
#include "model/torchscript_graph.hpp"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/jit_exception.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

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

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool contains_any(const std::string& text, std::initializer_list<const char*> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return text.find(part) != std::string::npos; });
}

// What torchvision and timm draw for parameters that belong to no operator: N(0, 0.02^2) for positions (Vision
// Transformer, arXiv:2010.11929; Swin, arXiv:2103.14030), 0 for tokens. False: none of them.
bool initialise_by_name(const NamedTensor& parameter, at::Generator& generator) {
  const torch::NoGradGuard no_grad;
  const auto& [name, tensor] = parameter;
  if (contains_any(name, {"pos_embed", "position_embed", "relative_position_bias", "rel_pos"})) {
    tensor.copy_(torch::empty(tensor.sizes()).normal_(0, 0.02, generator));
    return true;
  }
  if (contains_any(name, {"cls_token", "class_token", "dist_token", "reg_token", "mask_token"})) {
    tensor.zero_();
    return true;
  }
  return false;
}

// Attention keeps three projections in one parameter, which PyTorch draws by Glorot and Bengio (2010), with biases 0.
// False: not one of attention's.
bool initialise_attention(const NamedTensor& parameter, const std::map<std::string, torch::Tensor>& by_name,
                          at::Generator& generator) {
  const torch::NoGradGuard no_grad;
  const auto& [name, tensor] = parameter;
  const std::string out_bias = "out_proj.bias";
  if (ends_with(name, "in_proj_weight") && tensor.dim() == 2) {
    const double bound = std::sqrt(6.0 / static_cast<double>(tensor.size(0) + tensor.size(1)));
    tensor.copy_(torch::empty(tensor.sizes()).uniform_(-bound, bound, generator));
    return true;
  }
  const bool is_out_bias =
      ends_with(name, out_bias) && by_name.count(name.substr(0, name.size() - out_bias.size()) + "in_proj_weight") > 0;
  if (!ends_with(name, "in_proj_bias") && !is_out_bias) return false;
  tensor.zero_();
  return true;
}

bool initialise_by_use(const NamedTensor& parameter, const Use& use,
                       const std::map<std::string, torch::Tensor>& by_name, at::Generator& generator) {
  const torch::NoGradGuard no_grad;
  const auto& tensor = parameter.tensor;
  switch (use.role) {
    case Role::affine_weight:
      if (tensor.dim() < 2) return false;
      initialise_affine(tensor, {}, generator);
      return true;
    case Role::affine_bias: {
      const auto weight = by_name.find(use.weight);
      if (weight == by_name.end() || weight->second.dim() < 2) return false;
      initialise_affine_bias(weight->second, tensor, generator);
      return true;
    }
    case Role::norm_scale:
    case Role::running_var:
      tensor.fill_(1);
      return true;
    case Role::norm_shift:
    case Role::running_mean:
      tensor.zero_();
      return true;
    case Role::embedding:
      tensor.copy_(torch::empty(tensor.sizes()).normal_(0, 1, generator));
      return true;
    case Role::prelu_slope:
      tensor.fill_(0.25);
      return true;
  }
  return false;
}

// Fresh weights for the tensors that no standard layer owns; those drawn are added to `fresh`.
void initialise_own_layers(const Network& network, const std::map<std::string, Use>& uses, std::set<const void*>& fresh,
                           at::Generator& generator) {
  auto tensors = network.parameters();
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& parameter : tensors) by_name.emplace(parameter.name, parameter.tensor);
  const auto buffers = network.buffers();
  tensors.insert(tensors.end(), buffers.begin(), buffers.end());
  for (const auto& each : tensors) {
    if (fresh.count(each.tensor.unsafeGetTensorImpl()) > 0) continue;
    const auto use = uses.find(each.name);
    if (initialise_attention(each, by_name, generator) ||
        (use != uses.end() && initialise_by_use(each, use->second, by_name, generator)) ||
        (by_name.count(each.name) > 0 && initialise_by_name(each, generator))) {
      fresh.insert(each.tensor.unsafeGetTensorImpl());
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
  const auto all = parameters();
  if (all.empty()) throw model_error("model file \"" + path + "\" has no parameters to train (is it frozen?)");
  for (const auto& [name, tensor] : all) {
    if (!tensor.is_floating_point()) {
      throw model_error("parameter \"" + name + "\" of \"" + path + "\" is " + std::string(tensor.dtype().name()) +
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
      throw model_error("forward of \"" + module_->path + "\" answers with " + output.tagKind() +
                        "; it must answer with one tensor of logits [N, classes]");
    }
    return output.toTensor();
  } catch (const Error&) {
    throw;
  } catch (const torch::jit::JITException& error) {
    throw model_error("\"" + module_->path + "\" raised an error on a batch of images: " + reason_in(error.what()));
  } catch (const std::exception& error) {
    // An operator's own error comes as c10::Error; the interpreter of LibTorch 1.13 makes a std::runtime_error of it.
    const auto* of_operator = dynamic_cast<const c10::Error*>(&error);
    const std::string text = of_operator != nullptr ? of_operator->what_without_backtrace() : error.what();
    for (const char* trouble : {"memory", "CUDA", "cuDNN"}) {
      if (text.find(trouble) != std::string::npos) throw;  // the device's trouble, not the network's
    }
    throw model_error("\"" + module_->path + "\" cannot be run on images of " + std::to_string(images.size(1)) + " x " +
                      std::to_string(images.size(2)) + " x " + std::to_string(images.size(3)) +
                      " (channels, height, width): " + reason_in(text));
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
    for (const auto& own : item.value.named_buffers(false)) fresh.insert(own.value.unsafeGetTensorImpl());
  }
  initialise_own_layers(*this, uses_of_tensors(module_->script), fresh, generator);
  std::vector<std::string> left;
  for (const auto& [name, tensor] : parameters()) {
    if (fresh.count(tensor.unsafeGetTensorImpl()) == 0) left.push_back(name);
  }
  return left;
}

std::optional<int> TorchScriptNetwork::channels(const data::ImageShape& likely) {
  for (const int channels : {likely.channels, likely.channels == 1 ? 3 : 1}) {
    try {
      forward_once(*this, torch::zeros({2, channels, likely.height, likely.width}));
      return channels;
    } catch (const Error&) {
      continue;
    }
  }
  return std::nullopt;
}

std::vector<std::string> TorchScriptNetwork::notes() const {
  const auto modes = baked_modes(module_->script);
  const std::string how = "; export it in training mode (scripts/export_torchscript.py does)";
  const auto of = [](int count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  };
  std::vector<std::string> notes;
  if (modes.frozen_norms > 0 || modes.disabled_dropouts > 0) {
    std::string frozen;
    if (modes.frozen_norms > 0) {
      frozen = of(modes.frozen_norms, "normalisation layer") + " with the running statistics of the file for ever";
    }
    if (modes.disabled_dropouts > 0) {
      frozen += (frozen.empty() ? "" : " and ") + of(modes.disabled_dropouts, "dropout layer") + " switched off";
    }
    notes.push_back("\"" + module_->path + "\" was traced in evaluation mode and trains so: " + frozen + how);
  }
  if (modes.enabled_dropouts > 0) {
    notes.push_back(
        "\"" + module_->path + "\" was traced in training mode: " + of(modes.enabled_dropouts, "dropout layer") +
        " drop in evaluation too, so validation figures come out too low; torch.jit.script keeps the mode free");
  }
  return notes;
}

void TorchScriptNetwork::replace_head(std::int64_t classes, std::uint64_t seed) {
  std::optional<torch::jit::Module> head;
  for (const auto& item : module_->script.named_modules()) {
    if (class_name(item.value) == "Linear" && tensor_attribute(item.value, "weight").defined()) head = item.value;
  }
  if (!head) {
    throw model_error("--replace-head needs a network that ends in a linear layer, and \"" + module_->path +
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

void check_output(Network& network, const torch::Tensor& images, std::int64_t classes) {
  const auto output = forward_once(network, images);
  std::ostringstream shape;
  shape << output.sizes();
  const std::string must =
      "; it must be [N, classes], here [" + std::to_string(images.size(0)) + ", " + std::to_string(classes) + "]";
  if (!output.is_floating_point()) {
    throw model_error("the network's output is " + std::string(output.dtype().name()) + ", not floating-point logits");
  }
  if (output.dim() != 2 || output.size(0) != images.size(0)) {
    throw model_error("the network's output has shape " + shape.str() + must);
  }
  if (output.size(1) != classes) {
    throw model_error("the network answers with " + std::to_string(output.size(1)) + " classes and the data has " +
                      std::to_string(classes) + "; --replace-head gives it a fresh last layer of the right size");
  }
}

}  // namespace lrfind::model
