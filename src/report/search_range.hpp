// A suggestion as the range in which tuners of hyperparameters search.
#pragma once

#include <lrfind/suggest.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

enum class Tuner { optuna, wandb };

/// "optuna", "wandb", in the order of Tuner.
std::vector<std::string> tuner_names();
/// Nothing for a name that is none of tuner_names().
std::optional<Tuner> parse_tuner(std::string_view name);

/// The suggestion's interval, its ends to three digits and no narrower: a line of Python for Optuna, which draws `lr`
/// evenly on a logarithmic scale from `trial`; a sweep's configuration in YAML for Weights & Biases. `interval` > 0.
std::string search_range(Tuner tuner, const Interval& interval);

}  // namespace lrfind::report
