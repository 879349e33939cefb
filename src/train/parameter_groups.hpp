// Which parameters are trained, and at what factor of the rate.
#pragma once

#include <lrfind/error.hpp>
#include "model/network.hpp"
#include "train/recipe.hpp"

#include <vector>

namespace lrfind::train {

struct ParameterGroups {
  std::vector<model::NamedTensor> trained;
  std::vector<double> factors;  ///< on the rate, one per trained parameter
};

/// Applies recipe.freeze and recipe.lr_mult; frozen parameters stop requiring gradients. Throws Error (usage) for an
/// expression that is not a regular expression or that matches no parameter, and when nothing is left to train.
ParameterGroups group_parameters(const std::vector<model::NamedTensor>& parameters, const Recipe& recipe);

/// The rate's factor for every single value of the trained parameters, in their order; undefined where all are 1.
/// options: of the result.
torch::Tensor rate_factors(const ParameterGroups& groups, const torch::TensorOptions& options);

/// Throws Error (usage) when `device` cannot compute in `precision`.
void check_precision(Precision precision, const torch::Device& device);

}  // namespace lrfind::train
