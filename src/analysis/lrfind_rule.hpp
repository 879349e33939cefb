// The rule `lrfind`: where a curve's evidence points, tempered by the rates that its optimizer is used with.
//
// A trial has two landmarks, in decades (log10 of the rate). Its alignment is where the last step stops pointing
// downhill for the next batch; its edge is where the loss is lost for good. Alignment lies too low in networks without
// normalisation and the edge too high in those with it, so that the best rates lie at a steady distance below the
// middle of the two. The distances and spreads were fitted to the accuracies of short trainings over a grid of rates:
// the tasks of scripts/bench/suggestion_lab.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/rules.hpp"

namespace lrfind::analysis {

/// Where one trial's curve turns, in decades.
struct Landmarks {
  double edge = 0;                  ///< the loss rises above 1.2 times its start and does not come back below 0.9 of it
  bool reached = false;             ///< whether the sweep got to the edge; where not, `edge` is an assumption
  std::optional<double> alignment;  ///< sum of votes turns from steps that help the next batch to ones that do not
  double lowest = 0;                ///< lowest loss, after a running median of five
  double falls = 0;                 ///< last step before `lowest` whose loss has not yet come a tenth of the way down

  /// Middle of the two landmarks, with `lowest` for an alignment that is not measured or not asked for.
  double middle(bool by_alignment) const;
};

/// The landmarks of a trial of at least one step. An edge beyond the sweep is assumed where sweeps usually end, given
/// in decades, or at the alignment where that is higher.
Landmarks landmarks_of(const Trial& trial, double usual_end = 1);

/// What landmarks_of() sees of the losses: the finite ones, and after the last of them the lost ones as very large,
/// because a network comes back from no loss that is not finite.
Points measured_points(const Trial& trial, const SuggestOptions& options);

/// Where `votes`, one for each x, turn from positive to negative: the mean of x over every cut between two steps, and
/// before the first and after the last, weighted by exp(sharpness * (votes before it - votes after it)). It moves
/// smoothly with every vote, which is what keeps its spread over seeds small.
double change_point(const std::vector<double>& x, const std::vector<double>& votes, double sharpness);

/// log10 of the rate that people start an optimizer from (train/optimizer_facts.hpp), for SGD times 1 - momentum;
/// nothing where the optimizer is not known or has no such rate.
std::optional<double> usual_rate(const std::string& optimizer, double momentum);

/// Posterior mean of log10 of the rate. The evidence is normal around it with deviation `spread`; before the evidence,
/// the rate is normal around `usual` or, with a probability of 0.15, anywhere in twelve decades. Within half a decade
/// the usual rate counts as much as the evidence; two decades away it counts for nothing.
double blend(double evidence, double spread, double usual);

/// By how many decades the best rate to hold in a training of `steps` updates lies above that of one of `planned`.
double longer_training_lr(double steps, double planned);

/// What the rule says of trials, all in decades.
struct Finding {
  double lr = 0, low = 0, high = 0;         ///< the rate to hold constant and its 90 % interval over seeds
  double min_lr = 0, max_lr = 0;            ///< bounds of a cycle
  double longer_lr = 0, longer_max_lr = 0;  ///< lr and max_lr for ten times as many updates
  double half_width = 0;                    ///< of the 90 % interval of the evidence alone
  double edge = 0;                          ///< median over the trials
  bool reached = false;                     ///< whether most of the trials reached their edge
  bool by_alignment = false;                ///< whether alignment was measured in every trial, or the loss had to do
  std::vector<Landmarks> landmarks;         ///< of every trial
};

/// The finding of at least one trial of at least one step.
Finding find_rate(const std::vector<Trial>& trials, const SuggestOptions& options);

/// find_rate() as a rule: nothing for curves of fewer than ten steps. A trial that was interrupted counts only where
/// every one was.
Answer lrfind_rule(const Evidence& evidence);

}  // namespace lrfind::analysis
