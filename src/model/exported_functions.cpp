#include "model/exported_functions.hpp"

#include "model/python_numbers.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/WrapDimUtils.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace lrfind::model {

namespace {

using at::Tensor;
using torch::jit::Stack;

// By kind. An operator's in-place form, with an underscore at its end, is taken where it is.
constexpr const char* mathematics[] = {
    // arithmetic
    "abs absolute neg negative positive add sub subtract rsub mul multiply div divide true_divide floor_divide "
    "remainder "
    "fmod pow square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sigmoid tanh sin cos tan asin acos atan "
    "sinh cosh asinh acosh atanh atan2 erf erfc erfinv ceil floor round trunc fix frac sign sgn clamp clamp_min "
    "clamp_max "
    "clip maximum minimum fmax fmin lerp addcmul addcdiv hypot logit sinc logaddexp logaddexp2 xlogy nan_to_num "
    "heaviside "
    "isnan isinf isfinite bitwise_and bitwise_or bitwise_xor bitwise_not",
    // comparison and choice
    "eq ne lt le gt ge greater greater_equal less less_equal not_equal logical_and logical_or logical_xor logical_not "
    "where isclose masked_fill masked_scatter",
    // activations
    "relu relu6 leaky_relu elu selu celu gelu silu mish hardswish hardsigmoid hardtanh hardshrink softshrink softplus "
    "log_sigmoid log_sigmoid_forward softmax log_softmax _softmax _log_softmax _safe_softmax threshold glu prelu "
    "_prelu_kernel rrelu",
    // products and convolutions
    "linear addmm mm bmm matmul baddbmm addbmm addmv addr mv dot inner outer ger einsum bilinear tensordot conv1d "
    "conv2d "
    "conv3d convolution _convolution conv_transpose1d conv_transpose2d conv_transpose3d scaled_dot_product_attention "
    "_scaled_dot_product_flash_attention_for_cpu",
    // normalisation
    "batch_norm native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_functional "
    "_native_batch_norm_legit_no_training instance_norm layer_norm native_layer_norm group_norm native_group_norm "
    "rms_norm "
    "_fused_rms_norm linalg_vector_norm norm frobenius_norm cosine_similarity _weight_norm renorm",
    // pooling and resampling
    "avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices "
    "max_pool3d_with_indices adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d "
    "_adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d upsample_nearest1d "
    "upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d "
    "_upsample_nearest_exact3d "
    "upsample_linear1d upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d _upsample_bilinear2d_aa "
    "_upsample_bicubic2d_aa grid_sampler grid_sampler_2d affine_grid_generator pixel_shuffle pixel_unshuffle "
    "channel_shuffle im2col col2im",
    // recurrent layers
    "lstm gru rnn_tanh rnn_relu",
    // shapes
    "view _unsafe_view view_as reshape reshape_as flatten unflatten permute transpose t numpy_T mT movedim moveaxis "
    "swapaxes swapdims squeeze unsqueeze expand expand_as broadcast_to broadcast_tensors repeat repeat_interleave tile "
    "cat "
    "concat concatenate stack hstack vstack dstack chunk split split_with_sizes unsafe_chunk unsafe_split "
    "unsafe_split_with_sizes tensor_split unbind select slice narrow roll flip fliplr flipud rot90 pad constant_pad_nd "
    "reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d unfold contiguous clone alias detach copy "
    "fill "
    "zero lift lift_fresh lift_fresh_copy diagonal diag diag_embed tril triu meshgrid atleast_1d atleast_2d atleast_3d "
    "view_copy permute_copy transpose_copy expand_copy squeeze_copy unsqueeze_copy select_copy slice_copy",
    // picking
    "index _unsafe_index index_select index_put index_add index_copy index_fill gather scatter scatter_add "
    "scatter_reduce take_along_dim embedding one_hot slice_scatter select_scatter",
    // sums and order
    "sum mean prod max min amax amin aminmax argmax argmin var std var_mean std_mean logsumexp cumsum cumprod "
    "logcumsumexp all any median nansum nanmean count_nonzero topk sort argsort",
    // types and sizes
    "to _to_copy type_as float sym_size sym_numel",
    // new tensors and random numbers
    "zeros ones full empty rand randn randint randperm arange linspace eye scalar_tensor tril_indices triu_indices "
    "zeros_like ones_like full_like empty_like rand_like randn_like new_zeros new_ones new_full new_empty bernoulli "
    "uniform_ normal_ exponential_ random_ dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout"};

const std::set<std::string>& mathematical_operators() {
  static const auto names = [] {
    std::set<std::string> all;
    for (const char* list : mathematics) {
      std::istringstream words(list);
      for (std::string word; words >> word;) all.insert(word);
    }
    return all;
  }();
  return names;
}

Tensor tensor_or_none(const c10::IValue& value) { return value.isTensor() ? value.toTensor() : Tensor(); }

// Vaswani et al. 2017, section 3.2.1, as torch.nn.functional documents it. Key and value may have fewer heads.
Tensor attention(const Tensor& query, Tensor key, Tensor value, const Tensor& mask, double dropout, bool causal,
                 const c10::IValue& scale, bool grouped) {
  if (grouped) {
    if (key.size(-3) < 1 || query.size(-3) % key.size(-3) != 0)
      throw std::runtime_error("its heads do not fit in groups");
    const auto times = query.size(-3) / key.size(-3);
    key = key.repeat_interleave(times, -3);
    value = value.repeat_interleave(times, -3);
  }
  const double factor =
      scale.isNone() ? 1 / std::sqrt(static_cast<double>(query.size(-1))) : scale.toScalar().toDouble();
  // Half of the factor on each side, as PyTorch has it: products stay in the range of fp16.
  const double half = std::sqrt(factor);
  auto scores = at::matmul(query * half, (key * half).transpose(-2, -1));
  constexpr auto never = -std::numeric_limits<double>::infinity();
  if (causal) {
    const auto seen = at::ones({query.size(-2), key.size(-2)}, query.options().dtype(at::kBool)).tril();
    scores = scores.masked_fill(seen.logical_not(), never);
  }
  if (mask.defined()) {
    scores = mask.scalar_type() == at::kBool ? scores.masked_fill(mask.logical_not(), never) : scores + mask;
  }
  auto weights = scores.softmax(-1);
  if (dropout > 0) weights = at::dropout(weights, dropout, true);
  return at::matmul(weights, value);
}

void attention_of_stack(Stack& stack) {
  auto answer = attention(stack[0].toTensor(), stack[1].toTensor(), stack[2].toTensor(), tensor_or_none(stack[3]),
                          stack[4].toDouble(), stack[5].toBool(), stack[6], stack[7].toBool());
  stack = {std::move(answer)};
}

void flash_attention(Stack& stack) {
  auto answer = attention(stack[0].toTensor(), stack[1].toTensor(), stack[2].toTensor(), tensor_or_none(stack[5]),
                          stack[3].toDouble(), stack[4].toBool(), stack[6], false);
  stack = {std::move(answer), c10::IValue()};
}

// Batch normalisation that answers with new running statistics and leaves those it is given.
void functional_batch_norm(Stack& stack) {
  const auto mean = stack[3].toTensor().clone(), variance = stack[4].toTensor().clone();
  const auto [output, batch_mean, batch_inverse] =
      at::native_batch_norm(stack[0].toTensor(), tensor_or_none(stack[1]), tensor_or_none(stack[2]), mean, variance,
                            stack[5].toBool(), stack[6].toDouble(), stack[7].toDouble());
  stack = {output, batch_mean, batch_inverse, mean, variance};
}

void legit_batch_norm(Stack& stack) {
  const auto [output, batch_mean, batch_inverse] = at::native_batch_norm(
      stack[0].toTensor(), tensor_or_none(stack[1]), tensor_or_none(stack[2]), stack[3].toTensor(), stack[4].toTensor(),
      stack[5].toBool(), stack[6].toDouble(), stack[7].toDouble());
  stack = {output, batch_mean, batch_inverse};
}

void batch_norm_without_statistics(Stack& stack) {
  const auto [output, batch_mean, batch_inverse] =
      at::native_batch_norm(stack[0].toTensor(), tensor_or_none(stack[1]), tensor_or_none(stack[2]), {}, {},
                            stack[3].toBool(), stack[4].toDouble(), stack[5].toDouble());
  stack = {output, batch_mean, batch_inverse};
}

void batch_norm_without_training(Stack& stack) {
  const auto [output, batch_mean, batch_inverse] =
      at::native_batch_norm(stack[0].toTensor(), tensor_or_none(stack[1]), tensor_or_none(stack[2]),
                            stack[3].toTensor(), stack[4].toTensor(), false, stack[5].toDouble(), stack[6].toDouble());
  stack = {output, batch_mean, batch_inverse};
}

// Zhang and Sennrich 2019, equation 4.
void rms_norm(Stack& stack) {
  const auto input = stack[0].toTensor();
  std::vector<std::int64_t> dimensions;
  for (std::size_t i = 1; i <= stack[1].toIntVector().size(); ++i) dimensions.push_back(-static_cast<std::int64_t>(i));
  const double epsilon = stack[3].isNone() ? std::numeric_limits<float>::epsilon() : stack[3].toDouble();
  auto answer = input * (input.square().mean(dimensions, true) + epsilon).rsqrt();
  if (const auto weight = tensor_or_none(stack[2]); weight.defined()) answer = answer * weight;
  stack = {std::move(answer), c10::IValue()};
}

// A view where that is possible: networks exported for one memory format run in another.
void reshape(Stack& stack) { stack = {stack[0].toTensor().reshape(stack[1].toIntVector())}; }

void squeeze_dimensions(Stack& stack) {
  auto answer = stack[0].toTensor();
  auto dimensions = stack[1].toIntVector();
  for (auto& each : dimensions) each = at::maybe_wrap_dim(each, answer.dim());
  std::sort(dimensions.rbegin(), dimensions.rend());
  for (const auto each : dimensions) answer = answer.squeeze(each);
  stack = {std::move(answer)};
}

void unsafe_index(Stack& stack) {
  static const auto index = c10::Dispatcher::singleton().findSchemaOrThrow("aten::index", "Tensor");
  index.callBoxed(stack);
}

void safe_softmax(Stack& stack) {
  const auto input = stack[0].toTensor();
  const auto dimension = stack[1].toInt();
  const auto none_seen = input.eq(-std::numeric_limits<double>::infinity()).all(dimension, true);
  stack = {input.softmax(dimension).masked_fill(none_seen, 0)};
}

void prelu_kernel(Stack& stack) {
  const auto input = stack[0].toTensor();
  stack = {at::where(input > 0, input, input * stack[1].toTensor())};
}

struct Substitute {
  const char* schema;
  void (*function)(Stack&);
  bool always;  // also where this LibTorch has the operator
};

// The arguments are those of aten/src/ATen/native/native_functions.yaml.
constexpr Substitute substitutes[] = {
    {"aten::sym_size.int(Tensor self, int dim) -> int", [](Stack& s) { s = {s[0].toTensor().size(s[1].toInt())}; },
     true},
    {"aten::sym_numel(Tensor self) -> int", [](Stack& s) { s = {s[0].toTensor().numel()}; }, true},
    {"aten::view(Tensor(a) self, int[] size) -> Tensor(a)", reshape, true},
    {"aten::_unsafe_view(Tensor(a) self, int[] size) -> Tensor(a)", reshape, true},
    {"aten::scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float "
     "dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor",
     attention_of_stack, false},
    {"aten::_scaled_dot_product_flash_attention_for_cpu(Tensor query, Tensor key, Tensor value, float dropout_p=0.0, "
     "bool "
     "is_causal=False, *, Tensor? attn_mask=None, float? scale=None) -> (Tensor, Tensor)",
     flash_attention, true},
    {"aten::_native_batch_norm_legit_functional(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, "
     "Tensor "
     "running_var, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
     functional_batch_norm, true},
    {"aten::_native_batch_norm_legit(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor "
     "running_var, "
     "bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
     legit_batch_norm, true},
    {"aten::_native_batch_norm_legit.no_stats(Tensor input, Tensor? weight, Tensor? bias, bool training, float "
     "momentum, "
     "float eps) -> (Tensor, Tensor, Tensor)",
     batch_norm_without_statistics, true},
    {"aten::_native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, "
     "Tensor "
     "running_var, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
     batch_norm_without_training, true},
    {"aten::rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor", rms_norm,
     false},
    {"aten::_fused_rms_norm(Tensor input, int[] normalized_shape, Tensor? weight, float? eps) -> (Tensor, Tensor)",
     rms_norm, false},
    {"aten::squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)", squeeze_dimensions, false},
    {"aten::_unsafe_index.Tensor(Tensor self, Tensor?[] indices) -> Tensor", unsafe_index, true},
    {"aten::_safe_softmax(Tensor self, int dim, int? dtype=None) -> Tensor", safe_softmax, false},
    {"aten::_prelu_kernel(Tensor self, Tensor weight) -> Tensor", prelu_kernel, false}};

struct ParsedSubstitute {
  c10::FunctionSchema schema;
  const Substitute* substitute;
};

const ParsedSubstitute* find_substitute(const std::string& name, const std::string& overload) {
  static const auto parsed = [] {
    std::map<std::pair<std::string, std::string>, ParsedSubstitute> all;
    for (const auto& each : substitutes) {
      auto schema = torch::jit::parseSchema(each.schema);
      const std::pair key(schema.name(), schema.overload_name());
      all.emplace(key, ParsedSubstitute{std::move(schema), &each});
    }
    return all;
  }();
  const auto found = parsed.find({name, overload});
  return found == parsed.end() ? nullptr : &found->second;
}

}  // namespace

bool is_allowed(const std::string& name) {
  const std::string space = "aten::";
  if (name.rfind(space, 0) != 0) return is_python_function(name);
  auto base = name.substr(space.size());
  const auto& all = mathematical_operators();
  if (all.count(base) > 0) return true;
  const bool in_place = base.size() > 1 && base.back() == '_' && base.front() != '_';
  if (in_place) base.pop_back();
  return in_place && all.count(base) > 0;
}

bool is_assertion(const std::string& name) {
  for (const char* each : {"aten::_assert_tensor_metadata", "aten::_assert_async", "aten::_assert_scalar",
                           "aten::sym_constrain_range", "aten::sym_constrain_range_for_size"}) {
    if (name == each) return true;
  }
  return false;
}

std::optional<Operator> find_operator(const std::string& name, const std::string& overload, std::size_t count) {
  if (is_python_function(name)) {
    std::vector<c10::Argument> arguments(count, c10::Argument("", c10::AnyType::get()));
    return Operator{std::move(arguments), python_function(name)};
  }
  const auto* own = find_substitute(name, overload);
  if (own != nullptr && own->substitute->always) return Operator{own->schema.arguments(), own->substitute->function};
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  if (found) return Operator{found->schema().arguments(), [op = *found](Stack& stack) { op.callBoxed(stack); }};
  if (own != nullptr) return Operator{own->schema.arguments(), own->substitute->function};
  return std::nullopt;
}

}  // namespace lrfind::model
