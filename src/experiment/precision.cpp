#include "experiment/precision.hpp"
#include <lrfind/error.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace lrfind::experiment {

namespace {

using train::Precision;

// A network from a file is compiled in its first steps.
constexpr std::size_t warm_up_steps = 3, timed_steps = 6;
// bf16 has 8 bits: sound networks differ by a few thousandths here.
constexpr double largest_difference = 0.02;  // relative, of a loss
constexpr double worthwhile = 0.95;          // of fp32's time; less is within what a busy machine makes of it
// Some kernels are several times slower in bf16: seen after two timed steps, the others would only cost time.
constexpr std::size_t telling_steps = 2;
constexpr double hopeless = 1.3;  // of fp32's time

struct Tried {
  double step_s = HUGE_VAL;  // the fastest, which other programs disturbed least
  std::vector<double> losses;
};

// fp32_s: to be beaten.
Tried try_steps(train::Engine& engine, const TrialSteps& steps, double fp32_s) {
  Tried tried;
  engine.start(steps.seed, steps.fresh_weights);
  for (std::size_t i = 0; i < warm_up_steps + timed_steps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    tried.losses.push_back(engine.step(steps.batches[i % steps.batches.size()], steps.lr, false).loss);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i >= warm_up_steps) tried.step_s = std::min(tried.step_s, seconds);
    if (i + 1 >= warm_up_steps + telling_steps && tried.step_s > hopeless * fp32_s) break;
  }
  return tried;
}

// Leaves the network's own weights behind: a recipe that is set takes those that it finds for them.
Tried try_recipe(train::Engine& engine, const train::Recipe& recipe, const train::Normalisation& normalisation,
                 const TrialSteps& steps, double fp32_s = HUGE_VAL) {
  engine.set_recipe(recipe, normalisation);
  try {
    const auto tried = try_steps(engine, steps, fp32_s);
    engine.start(steps.seed, false);
    return tried;
  } catch (...) {
    engine.start(steps.seed, false);
    throw;
  }
}

std::string milliseconds(double seconds) {
  std::ostringstream text;
  text << std::setprecision(3) << seconds * 1e3 << " ms";
  return text.str();
}

std::string percent(double share) {
  std::ostringstream text;
  text << std::setprecision(2) << share * 100 << " %";
  return text.str();
}

}  // namespace

PrecisionChoice choose_precision(double fp32_s, double bf16_s, std::span<const double> fp32_losses,
                                 std::span<const double> bf16_losses) {
  double difference = 0;
  const std::size_t both = std::min(fp32_losses.size(), bf16_losses.size());
  for (std::size_t i = 0; i < both; ++i) {
    const double apart = std::abs(bf16_losses[i] - fp32_losses[i]) / std::abs(fp32_losses[i]);
    difference = std::isfinite(apart) ? std::max(difference, apart) : HUGE_VAL;
  }
  const std::string of_steps = "of the first " + std::to_string(both) + " steps";
  if (difference > largest_difference) {
    return {Precision::fp32, std::isfinite(difference)
                                 ? "in bf16 the losses " + of_steps + " are off by up to " + percent(difference)
                                 : "a loss " + of_steps + " is not finite"};
  }
  const std::string times = milliseconds(bf16_s) + " a step in bf16 and " + milliseconds(fp32_s) + " in fp32";
  if (!(bf16_s < worthwhile * fp32_s)) return {Precision::fp32, "it takes " + times};
  return {Precision::bf16,
          "it takes " + times + ", and the losses " + of_steps + " agree within " + percent(difference)};
}

PrecisionChoice choose_precision(train::Engine& engine, train::Recipe recipe, const train::Normalisation& normalisation,
                                 const TrialSteps& steps) {
  if (const auto reason = engine.no_bf16_because(); !reason.empty()) return {Precision::fp32, reason};
  recipe.precision = Precision::fp32;
  const auto fp32 = try_recipe(engine, recipe, normalisation, steps);
  recipe.precision = Precision::bf16;
  try {
    const auto bf16 = try_recipe(engine, recipe, normalisation, steps, fp32.step_s);
    return choose_precision(fp32.step_s, bf16.step_s, fp32.losses, bf16.losses);
  } catch (const Error& error) {
    return {Precision::fp32, std::string("in bf16 ") + error.what()};
  }
}

}  // namespace lrfind::experiment
