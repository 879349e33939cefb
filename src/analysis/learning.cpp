#include "analysis/learning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "analysis/images.hpp"
#include "analysis/lrfind_rule.hpp"
#include "analysis/text.hpp"

namespace lrfind::analysis {

namespace {

// A level this many standard errors below guessing is no accident. The lowest levels of 38 sweeps with shuffled labels,
// two trials each, lay up to 0.3 below it; of 75 with true labels, all but those of four tasks lay 1.4 to 500 below.
constexpr double clear_errors = 1.2;

// Above this many times the guessing loss the network still unlearns its first weights, which takes no labels.
constexpr double near_guessing = 1.25;

// A usual network starts within this factor of an even guess. From higher up, 100 steps may end at guessing whatever
// the labels are.
constexpr double usual_start = 1.08;

// Noise that hides a fall by this share of the loss hides much of what a sweep can show.
constexpr double hiding_noise = 0.1;

// Fewer images than this cannot tell a network that does not learn from one that has seen too little.
constexpr double telling_images = 1000;

// From this many repeats on images are memorised, and the loss of their batches proves nothing.
constexpr double telling_repeats = 5;

struct Yardstick {
  double guessing;       ///< loss of guessing by the class frequencies
  double even_guessing;  ///< and of guessing all classes alike
  double repeats;        ///< how often a trial saw each image
  double images;         ///< that the trials saw together; 0: unknown
};

Reason never_fell(const Shape& shape) {
  return {"never-fell",
          "The loss never fell: its lowest level, " + text(shape.lowest) + ", is " + text(std::max(shape.fall(), 0.0)) +
              " below its start at " + text(shape.start) + ", and noise and chance explain up to " +
              text(shape.evidence) + ".",
          true,
          "raise the highest rate or the batch size, or check the labels and the model",
          {{"lowest", shape.lowest}, {"start", shape.start}}};
}

Reason too_noisy(const Shape& shape, bool fatal) {
  const std::string seen = shape.fall() > shape.noise ? "The loss fell by " + text(shape.fall()) + ", only " +
                                                            text(shape.fall() / shape.noise) + " times the "
                                                      : "Whether the loss fell at all is hidden by the ";
  return {"too-noisy",
          seen + "noise of one batch, " + text(shape.noise) + ".",
          fatal,
          "raise the batch size, the steps or the trials",
          {{"noise", shape.noise}}};
}

Reason random_labels(const Shape& shape, const Yardstick& yardstick) {
  return {"random-labels",
          "The loss came down to " + text(shape.lowest) + " and no lower, and guessing by the classes' shares gives " +
              text(yardstick.guessing) + ": with shuffled labels the curve would look the same.",
          shape.start <= usual_start * yardstick.even_guessing,
          "check that the labels belong to their images, or raise the steps or the batch size",
          {{"lowest", shape.lowest}, {"guessing", yardstick.guessing}}};
}

Reason learned_by_heart(double held_out, const Shape& shape, const Yardstick& yardstick) {
  return {"random-labels", "The loss of the batches fell to " + text(shape.lowest) +
                               ", but that of held-out images not below " + text(held_out) +
                               ", where guessing by the classes' shares gives " + text(yardstick.guessing) +
                               ": the images were memorised, as with shuffled labels; check that the labels "
                               "belong to their images, or add images."};
}

/// Whether steps after the alignment's landmark turned against the next batch.
bool turned(const Trial& trial, const Landmarks& marks) {
  constexpr double harm = 5;  // in votes
  if (!marks.alignment) return false;
  double sum = 0;
  for (std::size_t i = 0; i < trial.alignment.size(); ++i)
    if (std::isfinite(trial.alignment[i]) && std::log10(trial.lr[i]) > *marks.alignment)
      sum += std::clamp(trial.alignment[i], -1.0, 1.0);
  return sum < -harm;
}

/// Whether a sweep tried rates that are high enough to learn from: up to ones that do harm, or, because networks with
/// normalisation bear any, far above those that the optimizer is used with.
bool goes_far_enough(const Trial& trial, const SuggestOptions& options) {
  const auto usual = usual_rate(options.optimizer, options.momentum);
  const double far = usual ? *usual + 1.5 : 0.5;
  if (std::log10(trial.lr.back()) >= far) return true;
  const Landmarks marks = landmarks_of(trial);
  return marks.reached || turned(trial, marks);
}

/// Lowest level of the probe loss; none where it was not measured often enough.
std::optional<double> lowest_probe(const Trial& curve) {
  if (curve.probe_loss.empty()) return std::nullopt;
  Trial probe = curve;
  probe.loss = curve.probe_loss;
  const Shape shape = shape_of(probe);
  if (shape.size() < fewest_points) return std::nullopt;
  return std::min(shape.lowest, shape.start);
}

std::vector<Reason> without_labels(const Shape& shape) {
  if (!shape.fell()) return {never_fell(shape)};
  if (shape.fall() < 1.5 * shape.evidence && shape.noise > 0) return {too_noisy(shape, false)};
  return {};
}

std::vector<Reason> below_guessing(const Shape& shape, const Trial& curve, const Yardstick& yardstick,
                                   bool far_enough) {
  const std::optional<double> held_out = lowest_probe(curve);
  if (yardstick.repeats > telling_repeats && held_out && *held_out > 0.99 * yardstick.guessing)
    return {learned_by_heart(*held_out, shape, yardstick)};
  if (!shape.fell() && !far_enough) return {never_fell(shape)};
  const bool hidden = shape.evidence > hiding_noise * yardstick.guessing && shape.fall() < 1.5 * shape.evidence;
  if (hidden && shape.noise > 0) return {too_noisy(shape, false)};
  return {};
}

std::vector<Reason> against_guessing(const Shape& shape, const Trial& curve, const Yardstick& yardstick,
                                     bool far_enough) {
  if (shape.lowest > near_guessing * yardstick.guessing)
    return shape.fell() ? std::vector<Reason>() : std::vector<Reason>{never_fell(shape)};
  const double error = shape.noise / std::sqrt(static_cast<double>(shape.window));
  if (yardstick.guessing - shape.lowest > clear_errors * error)
    return below_guessing(shape, curve, yardstick, far_enough);
  if (shape.evidence > 2 * hiding_noise * yardstick.guessing ||
      (yardstick.images > 0 && yardstick.images < telling_images))
    return shape.fell() ? std::vector<Reason>() : std::vector<Reason>{too_noisy(shape, true)};
  if (shape.fell() || far_enough) return {random_labels(shape, yardstick)};
  return {never_fell(shape)};
}

}  // namespace

std::vector<Reason> diagnose_learning(const std::vector<Trial>& trials, const SuggestOptions& options) {
  const Trial curve = trials.size() == 1 ? trials.front() : aggregate(trials);
  const Shape shape = shape_of(curve);
  if (shape.size() < fewest_points) return {};
  const std::optional<double> guessing = options.images ? guessing_loss(*options.images) : std::nullopt;
  if (!guessing) return without_labels(shape);
  const auto far =
      std::count_if(trials.begin(), trials.end(), [&](const Trial& trial) { return goes_far_enough(trial, options); });
  double steps = 0;
  for (const Trial& trial : trials) steps += static_cast<double>(trial.lr.size());
  const Yardstick yardstick = {*guessing, std::log(static_cast<double>(options.images->class_counts.size())),
                               repeats(*options.images, curve.lr.size()),
                               steps * static_cast<double>(options.images->images_per_step)};
  return against_guessing(shape, curve, yardstick, 2 * far > std::ssize(trials));
}

}  // namespace lrfind::analysis
