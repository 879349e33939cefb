#include "analysis/lrfind_rule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "analysis/statistics.hpp"
#include "train/optimizer_facts.hpp"

namespace lrfind::analysis {

namespace {

/// Distances in decades from the middle of the landmarks down to the best rates, and the deviation of those from there.
struct Distances {
  double lr, max_lr, spread;
};
constexpr Distances from_alignment = {0.8, 0.35, 0.4};
constexpr Distances from_loss = {1.0, 0.65, 0.5};

// A gradient that acts for ten steps shows its harm later than the sweep sees it: the best rates lie half of this
// further down, and half of it less where it acts only once.
constexpr double memory_shift = 0.20;

// The best rates lie this far above the usual one, in decades.
constexpr double usual_to_lr = 0.3, usual_to_max_lr = 0.35;
constexpr double usual_spread = 0.4, unusual = 0.15, unusual_decades = 12;

// Never next to divergence: least distances below the edge.
constexpr double edge_to_lr = 0.5, edge_to_max_lr = 0.4;

// What one trial's middle varies by over seeds, known as if from this many trials more.
constexpr double trial_spread = 0.15;
constexpr std::size_t prior_trials = 4;

// The best rate to hold falls by this many decades for ten times as many updates, because it never averages the noise
// away that a decay does: peaks of decaying schedules show no trend (scripts/bench/suggestion_lab). Nor does either in
// trainings shorter than the usual plan.
constexpr double lower_lr = 0.2;

constexpr double lost_loss = 1e9;
constexpr std::size_t fewest_votes = 5;
constexpr std::size_t fewest_steps = 10;

/// Sum of the votes before each cut less those after it.
std::vector<double> scores_of(const std::vector<double>& votes) {
  const double total = std::accumulate(votes.begin(), votes.end(), 0.0);
  std::vector<double> scores = {-total};
  double before = 0;
  for (const double vote : votes) {
    before += vote;
    scores.push_back(2 * before - total);
  }
  return scores;
}

/// +1 for steps on this side of the edge, -1 for lost ones. Hysteresis, because a network that blew up and died sits at
/// the loss it started from.
std::vector<double> edge_votes(const std::vector<double>& loss, double start) {
  const double up = start + 0.2 * std::abs(start), back = start - 0.1 * std::abs(start);
  std::vector<double> votes;
  bool lost = false;
  for (const double value : running_median(loss, 3)) {
    lost = value > (lost ? back : up);
    votes.push_back(lost ? -1 : 1);
  }
  return votes;
}

std::optional<double> alignment_of(const Trial& trial, const std::vector<double>& x) {
  std::vector<double> at, votes;
  for (std::size_t i = 0; i < trial.alignment.size(); ++i) {
    if (!std::isfinite(trial.alignment[i])) continue;
    at.push_back(x[i]);
    votes.push_back(std::clamp(trial.alignment[i], -1.0, 1.0));
  }
  if (votes.size() < fewest_votes) return std::nullopt;
  return change_point(at, votes, 0.5);
}

std::vector<double> log10_of(const std::vector<double>& rates) {
  std::vector<double> decades;
  for (const double rate : rates) decades.push_back(std::log10(rate));
  return decades;
}

template <typename Value>
double median_of(const std::vector<Landmarks>& landmarks, Value value) {
  std::vector<double> values;
  for (const Landmarks& each : landmarks) values.push_back(value(each));
  return median(values);
}

/// How long a gradient acts, in decades of steps: 0 for one step, 1 for ten and more, between them where not known.
double memory_of(const std::string& optimizer, double momentum) {
  if (optimizer.empty()) return 0.5;
  const auto* facts = train::find_optimizer(optimizer);
  const double kept = facts != nullptr && facts->betas ? 0.9 : momentum;  // Adam's beta1
  return std::clamp(-std::log10(std::max(1 - kept, 1e-9)), 0.0, 1.0);
}

/// Where sweeps usually end, in decades.
double usual_end_of(const std::string& optimizer) {
  const auto* facts = train::find_optimizer(optimizer);
  return std::log10(facts == nullptr ? 10 : facts->last_lr);
}

double highest_rate(const std::vector<Trial>& trials) {
  double highest = trials.front().lr.back();
  for (const Trial& trial : trials) highest = std::max(highest, trial.lr.back());
  return std::log10(highest);
}

std::vector<Trial> worth_reading(const std::vector<Trial>& trials) {
  std::vector<Trial> whole, parts;
  for (const Trial& trial : trials) {
    if (trial.lr.size() < fewest_steps) continue;
    (trial.stopped == Stopped::interrupted ? parts : whole).push_back(trial);
  }
  return whole.empty() ? parts : whole;
}

}  // namespace

Points measured_points(const Trial& trial, const SuggestOptions&) {
  const auto finite = [](double value) { return std::isfinite(value); };
  const auto after_last = std::find_if(trial.loss.rbegin(), trial.loss.rend(), finite).base() - trial.loss.begin();
  Points points;
  for (std::size_t i = 0; i < trial.lr.size(); ++i) {
    const bool lost = !finite(trial.loss[i]);
    if (lost && static_cast<std::ptrdiff_t>(i) < after_last) continue;
    points.lr.push_back(trial.lr[i]);
    points.loss.push_back(lost ? lost_loss : trial.loss[i]);
  }
  return points;
}

double change_point(const std::vector<double>& x, const std::vector<double>& votes, double sharpness) {
  const std::vector<double> scores = scores_of(votes);
  const double top = *std::max_element(scores.begin(), scores.end());
  double sum = 0, weights = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const double cut = k == 0 ? x.front() : k == x.size() ? x.back() : (x[k - 1] + x[k]) / 2;
    const double weight = std::exp(sharpness * (scores[k] - top));
    sum += weight * cut;
    weights += weight;
  }
  return sum / weights;
}

double Landmarks::middle(bool by_alignment) const { return (edge + (by_alignment ? *alignment : lowest)) / 2; }

Landmarks landmarks_of(const Trial& trial, double usual_end) {
  const Points points = measured_points(trial, {});
  const std::vector<double> x = log10_of(points.lr);
  const std::vector<double>& loss = points.loss;
  const double start = median({loss.begin(), loss.begin() + std::min<std::ptrdiff_t>(10, std::ssize(loss))});

  Landmarks marks;
  marks.alignment = alignment_of(trial, log10_of(trial.lr));
  const std::vector<double> votes = edge_votes(loss, start), scores = scores_of(votes);
  marks.edge = change_point(x, votes, 1);
  marks.reached = scores.back() < *std::max_element(scores.begin(), scores.end());
  if (!marks.reached) {
    marks.edge += usual_end - x.back();
    if (marks.alignment && x.back() > usual_end) marks.edge = std::max(marks.edge, *marks.alignment);
  }

  const std::vector<double> level = running_median(loss, 5);
  const auto lowest = static_cast<std::size_t>(std::min_element(level.begin(), level.end()) - level.begin());
  marks.lowest = x[lowest];
  marks.falls = x.front();
  for (std::size_t i = 0; i < lowest; ++i)
    if (level[i] > start - 0.1 * (start - level[lowest])) marks.falls = x[i];
  return marks;
}

std::optional<double> usual_rate(const std::string& optimizer, double momentum) {
  const auto* facts = train::find_optimizer(optimizer);
  if (facts == nullptr || !facts->usual_lr) return std::nullopt;
  const bool slowed = facts->kind == train::OptimizerKind::sgd;
  return std::log10(*facts->usual_lr * (slowed ? std::max(1 - momentum, 1e-3) : 1));
}

double blend(double evidence, double spread, double usual) {
  const double variance = spread * spread + usual_spread * usual_spread;
  const double distance = evidence - usual;
  const double near =
      (1 - unusual) / std::sqrt(2 * std::numbers::pi * variance) * std::exp(-distance * distance / (2 * variance));
  const double far = unusual / unusual_decades;
  const double both = (evidence * usual_spread * usual_spread + usual * spread * spread) / variance;
  return (near * both + far * evidence) / (near + far);
}

double longer_training_lr(double steps, double planned) {
  const auto counted = [](double updates) { return std::log10(std::max(updates, Plan{}.steps)); };
  return -lower_lr * (counted(steps) - counted(planned));
}

Finding find_rate(const std::vector<Trial>& trials, const SuggestOptions& options) {
  Finding found;
  for (const Trial& trial : trials) found.landmarks.push_back(landmarks_of(trial, usual_end_of(options.optimizer)));
  const auto& marks = found.landmarks;
  found.by_alignment = std::all_of(marks.begin(), marks.end(), [](const auto& m) { return m.alignment.has_value(); });
  found.reached =
      2 * std::count_if(marks.begin(), marks.end(), [](const auto& m) { return m.reached; }) > std::ssize(marks);
  found.edge = median_of(marks, [](const Landmarks& m) { return m.edge; });
  std::vector<double> middles;
  for (const Landmarks& each : marks) middles.push_back(each.middle(found.by_alignment));
  const double middle = median(middles);
  found.half_width = half_width_90(middles, trial_spread, prior_trials);

  Distances below = from_loss;
  if (found.by_alignment) {
    const double further = memory_shift * (memory_of(options.optimizer, options.momentum) - 0.5);
    below = {from_alignment.lr + further, from_alignment.max_lr + further, from_alignment.spread};
  }
  const auto usual = usual_rate(options.optimizer, options.momentum);
  const auto rate = [&](double at, double above_usual) {
    return usual ? blend(at, below.spread, *usual + above_usual) : at;
  };
  // A sweep that did not reach its edge says nothing of rates beyond its end.
  const double end = found.reached ? found.edge : highest_rate(trials);
  const double lr_cap = std::min(found.edge - edge_to_lr, end), max_lr_cap = std::min(found.edge - edge_to_max_lr, end);
  const double moved = longer_training_lr(options.plan.steps, Plan{}.steps);
  const double wanted = rate(middle - below.lr, usual_to_lr) + moved;
  found.lr = std::min(wanted, lr_cap);
  found.longer_lr = std::min(wanted + longer_training_lr(10 * options.plan.steps, options.plan.steps), lr_cap);
  const double peak = std::min(rate(middle - below.max_lr, usual_to_max_lr), max_lr_cap);
  found.max_lr = std::max(found.lr, peak);
  found.longer_max_lr = std::max(found.longer_lr, peak);
  // Where the cap is the answer, the cap is as uncertain as the landmarks.
  const double slack = wanted > lr_cap ? found.half_width : 0;
  found.low = std::min(rate(middle - found.half_width - below.lr, usual_to_lr) + moved, lr_cap - slack);
  found.high = std::min(rate(middle + found.half_width - below.lr, usual_to_lr) + moved, lr_cap + slack);

  const double falls = median_of(marks, [](const Landmarks& m) { return m.falls; });
  found.min_lr = std::min(std::max(falls, found.max_lr - 2), found.max_lr - 0.6);
  return found;
}

Answer lrfind_rule(const Evidence& evidence) {
  const std::vector<Trial> trials = worth_reading(evidence.trials);
  if (trials.empty()) return {};
  const Finding found = find_rate(trials, evidence.options);
  const auto rate = [](double decades) { return std::pow(10, decades); };
  Answer answer;
  answer.lr = rate(found.lr);
  answer.interval = Interval{rate(found.low), rate(found.high)};
  answer.min_lr = rate(std::min(found.min_lr, found.lr));
  answer.max_lr = rate(found.max_lr);
  answer.evidence_width = 2 * found.half_width;
  answer.plan = PlannedRates{evidence.options.plan, rate(found.longer_lr), rate(found.longer_max_lr)};
  for (const Trial& trial : trials) answer.per_trial.push_back(rate(find_rate({trial}, evidence.options).lr));
  return answer;
}

}  // namespace lrfind::analysis
