// What to type into a training script to train on a schedule, for several frameworks. Every text is Python that runs.
#pragma once

#include "schedule/schedule.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::train {

enum class Framework { pytorch, lightning, keras, transformers, timm };

/// "pytorch", "lightning", ..., in the order of Framework.
std::vector<std::string> framework_names();
/// Nothing for a name that is none of framework_names().
std::optional<Framework> parse_framework(std::string_view name);

/// How an optimizer is made in the framework's language.
struct OptimizerCode {
  std::string imports;    ///< lines, may be empty: "import timm.optim\n"
  std::string type;       ///< "torch.optim.SGD"; empty: the framework has none that equals it
  std::string arguments;  ///< after the rate: ", momentum=0.9"
  std::string note;       ///< comment lines that a person should read, may be empty
};

/// What of the batches a framework wants to be told; 0: not known.
struct BatchCode {
  long batch_size = 0, accumulate = 0;
  double grad_clip = 0;
};

/// The lines: imports, optimizer, schedule, and comments that say where they go. Where the framework has no such
/// schedule, a comment says so in a sentence, and lines follow that give the same rates all the same.
std::string training_code(Framework framework, const Schedule& schedule, const OptimizerCode& optimizer,
                          const BatchCode& batches);

}  // namespace lrfind::train
