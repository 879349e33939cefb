// The suggestion rules. A rule looks at all trials and names a rate: `lrfind` from all that they measured; the
// published ones from one curve each, combined by their geometric mean.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/published_rules.hpp"

namespace lrfind::analysis {

/// What a rule sees.
struct Evidence {
  const Trial& curve;  ///< aggregate(trials)
  const std::vector<Trial>& trials;
  const SuggestOptions& options;
};

/// What a rule says. What it leaves open, suggest() fills in from the shape of the curve.
struct Answer {
  std::optional<double> lr = {};
  std::vector<double> per_trial = {};  ///< the rate of every trial that gave one; their spread makes the interval
  std::optional<Interval> interval = {};
  std::optional<double> min_lr = {}, max_lr = {};
  std::optional<PlannedRates> plan = {};
  std::optional<double> evidence_width = {};  ///< decades of the interval that the trials alone would give
};

struct Rule {
  std::string name;
  double spread;  ///< usual standard deviation of log10 of one trial's rate over seeds; widens what few trials show
  Answer (*answer)(const Evidence&);
  Points (*seen)(const Trial&, const SuggestOptions&);  ///< what it looks at in one trial
};

/// Every rule, the order of rule_names().
const std::vector<Rule>& rules();

/// The rule of that name. Throws std::invalid_argument that lists the names.
const Rule& rule_named(const std::string& name);

}  // namespace lrfind::analysis
