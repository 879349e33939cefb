// The training that a suggestion is for, as a person says it.
#pragma once

#include <lrfind/suggest.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace lrfind::experiment {

struct PlanSettings {
  double epochs = 0;       ///< 0 or more, passes over the training images; 0: not said
  std::int64_t steps = 0;  ///< updates; 0: not said
  std::string schedule = "any";
};

/// The plan; passes become updates by the number of images. Throws Error (usage) for a plan in passes where the images
/// or the images of an update are not known.
Plan plan_of(const PlanSettings& settings, const ImageFacts& images);

/// What a result's config says of the plan, but for what `settings` say.
PlanSettings with_config(PlanSettings settings, const nlohmann::ordered_json& config);

/// The suggestion for a training of so many updates instead of those of its plan; as it is where it has none. min_lr,
/// where the loss begins to fall, stays.
Suggestion for_length(const Suggestion& suggestion, double steps);

}  // namespace lrfind::experiment
