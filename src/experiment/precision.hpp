// What --precision auto stands for: bf16 where the hardware has it, it is faster, and the first steps are fp32's.
#pragma once

#include "train/engine.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lrfind::experiment {

struct PrecisionChoice {
  train::Precision precision = train::Precision::fp32;
  std::string because;  ///< a clause with the numbers that decided
};

/// Steps on which bf16 is held against fp32.
struct TrialSteps {
  std::vector<std::vector<train::BatchView>> batches = {};  ///< of each update, taken in turn; at least one
  double lr = 0;                                            ///< small, but not too small to move the weights
  std::uint64_t seed = 0;
  bool fresh_weights = false;
};

/// Takes a few steps in each precision with `recipe` set apart from it. The engine's network is as it was before, its
/// recipe is not set. Throws what the engine throws in fp32; trouble in bf16 is a reason against it.
PrecisionChoice choose_precision(train::Engine& engine, train::Recipe recipe, const train::Normalisation& normalisation,
                                 const TrialSteps& steps);

/// The choice between what was measured: seconds a step, and the losses of the same steps in each precision, of which
/// bf16 may have taken fewer.
PrecisionChoice choose_precision(double fp32_s, double bf16_s, std::span<const double> fp32_losses,
                                 std::span<const double> bf16_losses);

}  // namespace lrfind::experiment
