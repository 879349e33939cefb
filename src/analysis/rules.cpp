#include "analysis/rules.hpp"

#include <cmath>
#include <stdexcept>

#include "analysis/lrfind_rule.hpp"
#include "analysis/published_rules.hpp"

namespace lrfind::analysis {

namespace {

/// A rule for one curve, applied to every trial and combined by the geometric mean.
template <std::optional<double> (*rule)(const Trial&, const SuggestOptions&)>
Answer each_trial(const Evidence& evidence) {
  Answer answer;
  double sum = 0;
  for (const Trial& trial : evidence.trials) {
    const std::optional<double> rate = rule(trial, evidence.options);
    if (!rate) continue;
    answer.per_trial.push_back(*rate);
    sum += std::log(*rate);
  }
  if (answer.per_trial.size() == 1) answer.lr = answer.per_trial.front();
  if (answer.per_trial.size() > 1) answer.lr = std::exp(sum / static_cast<double>(answer.per_trial.size()));
  return answer;
}

}  // namespace

const std::vector<Rule>& rules() {
  // The spreads were measured over seeds, before suggestion_lab: sweeps of 100 steps, five image sets, networks with
  // and without normalisation, five optimizers, batches of 32 to 512 images.
  static const std::vector<Rule> all = {
      {"lrfind", 0.10, lrfind_rule, measured_points},
      {"valley", 0.30, each_trial<valley>, fastai_points},
      {"steepest", 0.56, each_trial<steepest>, fastai_points},
      {"minimum", 0.28, each_trial<minimum>, fastai_points},
      {"slide", 0.13, each_trial<slide>, fastai_points},
      {"torch-lr-finder", 0.49, each_trial<torch_lr_finder>, torch_lr_finder_points},
      {"ignite", 0.44, each_trial<ignite>, ignite_points},
      {"lightning", 0.12, each_trial<lightning>, lightning_points},
  };
  return all;
}

const Rule& rule_named(const std::string& name) {
  std::string known;
  for (const Rule& rule : rules()) {
    if (rule.name == name) return rule;
    known += (known.empty() ? "" : ", ") + rule.name;
  }
  throw std::invalid_argument("there is no rule \"" + name + "\"; the rules are " + known);
}

}  // namespace lrfind::analysis

namespace lrfind {

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const analysis::Rule& rule : analysis::rules()) names.push_back(rule.name);
  return names;
}

}  // namespace lrfind
