#include "model/tensor_uses.hpp"

#include "model/initialise.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace lrfind::model {

namespace {

constexpr TensorPlaces norm(std::string_view name, int weight, int bias, int mean = -1, int variance = -1) {
  return {name, weight, bias, mean, variance, Role::norm_scale, Role::norm_shift};
}

// The schemas of aten/src/ATen/native/native_functions.yaml.
constexpr TensorPlaces operators[] = {{"aten::conv1d", 1, 2},
                                      {"aten::conv2d", 1, 2},
                                      {"aten::conv3d", 1, 2},
                                      {"aten::convolution", 1, 2},
                                      {"aten::_convolution", 1, 2},
                                      {"aten::_convolution_mode", 1, 2},
                                      {"aten::conv_transpose1d", 1, 2},
                                      {"aten::conv_transpose2d", 1, 2},
                                      {"aten::conv_transpose3d", 1, 2},
                                      {"aten::linear", 1, 2},
                                      {"aten::addmm", 2, 0},
                                      {"aten::matmul", 1, -1},
                                      {"aten::mm", 1, -1},
                                      norm("aten::batch_norm", 1, 2, 3, 4),
                                      norm("aten::native_batch_norm", 1, 2, 3, 4),
                                      norm("aten::_native_batch_norm_legit", 1, 2, 3, 4),
                                      norm("aten::_native_batch_norm_legit_functional", 1, 2, 3, 4),
                                      norm("aten::_native_batch_norm_legit_no_training", 1, 2, 3, 4),
                                      norm("aten::instance_norm", 1, 2, 3, 4),
                                      norm("aten::layer_norm", 2, 3),
                                      norm("aten::native_layer_norm", 2, 3),
                                      norm("aten::group_norm", 2, 3),
                                      norm("aten::native_group_norm", 1, 2),
                                      norm("aten::rms_norm", 2, -1),
                                      norm("aten::_fused_rms_norm", 2, -1),
                                      {"aten::embedding", 0, -1, -1, -1, Role::embedding, Role::embedding},
                                      {"aten::prelu", 1, -1, -1, -1, Role::prelu_slope, Role::prelu_slope},
                                      {"aten::_prelu_kernel", 1, -1, -1, -1, Role::prelu_slope, Role::prelu_slope}};

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

}  // namespace

const TensorPlaces* find_places(std::string_view operator_name) {
  for (const auto& places : operators) {
    if (places.name == operator_name) return &places;
  }
  return nullptr;
}

bool passes_on(std::string_view operator_name) {
  for (const std::string_view each :
       {"prim::unchecked_cast", "aten::t", "aten::to", "aten::type_as", "aten::contiguous", "aten::reshape",
        "aten::reshape_as", "aten::view", "aten::view_as", "aten::transpose", "aten::permute", "aten::clone",
        "aten::alias", "aten::_to_copy", "aten::batch_norm"}) {
    if (operator_name == each) return true;
  }
  return false;
}

void initialise_by_uses(const Network& network, const Uses& uses, std::set<const void*>& fresh,
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

std::vector<std::string> left_as_they_were(const Network& network, const std::set<const void*>& fresh) {
  std::vector<std::string> left;
  for (const auto& [name, tensor] : network.parameters()) {
    if (fresh.count(tensor.unsafeGetTensorImpl()) == 0) left.push_back(name);
  }
  return left;
}

}  // namespace lrfind::model
