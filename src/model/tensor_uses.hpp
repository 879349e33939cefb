// What a network from a file does with its tensors, read off its graph instead of the names of its classes, and fresh
// weights by it.
#pragma once

#include "model/network.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::model {

/// How the network uses one of its tensors.
enum class Role {
  affine_weight,  ///< of a convolution or a linear layer
  affine_bias,
  norm_scale,
  norm_shift,
  running_mean,
  running_var,
  embedding,
  prelu_slope
};

struct Use {
  Role role = Role::affine_weight;
  std::string weight;  ///< of an affine bias: the name of the weight beside it
};

/// By qualified name ("features.0.weight"): the first use of each tensor.
using Uses = std::map<std::string, Use>;

/// Which inputs of an operator are what. A negative place: it has none.
struct TensorPlaces {
  std::string_view name;
  int weight, bias;
  int mean = -1, variance = -1;
  Role weight_role = Role::affine_weight, bias_role = Role::affine_bias;
};

/// Null for an operator that has no weights.
const TensorPlaces* find_places(std::string_view operator_name);

/// Whether the operator brings a weight into another shape or type before it is used.
bool passes_on(std::string_view operator_name);

/// Notes the tensors of one call of an operator. tensor_at: the name of the tensor at a place, or nothing.
template <typename TensorAt>
void note_uses(const TensorPlaces& places, const TensorAt& tensor_at, Uses& uses) {
  const auto weight = tensor_at(places.weight);
  if (weight) uses.try_emplace(*weight, Use{places.weight_role, {}});
  if (const auto bias = tensor_at(places.bias)) uses.try_emplace(*bias, Use{places.bias_role, weight.value_or("")});
  if (const auto mean = tensor_at(places.mean)) uses.try_emplace(*mean, Use{Role::running_mean, {}});
  if (const auto variance = tensor_at(places.variance)) uses.try_emplace(*variance, Use{Role::running_var, {}});
}

/// Fresh weights by their use for the tensors that are not yet in `fresh`; those drawn are added to it.
void initialise_by_uses(const Network& network, const Uses& uses, std::set<const void*>& fresh,
                        at::Generator& generator);

/// The parameters that are not in `fresh`.
std::vector<std::string> left_as_they_were(const Network& network, const std::set<const void*>& fresh);

}  // namespace lrfind::model
