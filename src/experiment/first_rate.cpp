#include "experiment/first_rate.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::experiment {

namespace {

constexpr double usual_first_rate = 1e-7;
constexpr std::int64_t usual_steps = 100;
constexpr std::int64_t least_steps = 30;
constexpr double steps_per_decade = 12.5;

// scripts/bench/suggestion_lab: curves that begin here are answered as those that begin at 1e-7.
constexpr double moving_share = 1e-4;

// High enough for the change to stand out of the weights' last digits.
constexpr double tried_rate = 1e-3;

// What the first step of the first trial, at `tried_rate`, predicts of its loss, as a share of it.
double predicted_share(Session& session, const RecipeSettings& recipe) {
  const std::uint64_t seed = trial_seed(session.seed(), 0);
  const int accumulate = session.accumulate();
  const auto loader = session.loader(seed, static_cast<std::uint64_t>(accumulate), recipe.batch_size);
  session.start(seed);
  const auto batches = next_batches(*loader, accumulate);
  const Measurement measured = session.engine().step(batch_views(batches), tried_rate, false);
  return measured.predicted_decrease / measured.loss;
}

}  // namespace

double first_rate(double share, double tried, double max_lr) {
  const double decades = std::log10(tried * moving_share / share);
  if (!std::isfinite(decades)) return std::min(usual_first_rate, max_lr / 100);
  return std::min(std::pow(10.0, std::floor(2 * decades) / 2), max_lr / 100);
}

SweepSettings with_usual_first_rate(SweepSettings settings) {
  if (!settings.min_lr) settings.min_lr = std::min(usual_first_rate, settings.max_lr / 100);
  if (!settings.steps) settings.steps = usual_steps;
  return settings;
}

SweepSettings with_first_rate(SweepSettings settings, Session& session) {
  if (settings.min_lr || settings.spacing == "linear") return with_usual_first_rate(std::move(settings));
  settings.min_lr = first_rate(predicted_share(session, settings.session.recipe), tried_rate, settings.max_lr);
  if (!settings.steps) {
    const double decades = std::log10(settings.max_lr / *settings.min_lr);
    settings.steps = std::max<std::int64_t>(least_steps, 1 + std::llround(steps_per_decade * decades));
  }
  return settings;
}

}  // namespace lrfind::experiment
