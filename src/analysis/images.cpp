#include "analysis/images.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "analysis/text.hpp"

namespace lrfind::analysis {

namespace {

constexpr double many_repeats = 40;
constexpr double dominating_share = 0.8, overwhelming_share = 0.97;

Reason few_images(const ImageFacts& images, std::size_t steps) {
  // Where every step sees them all, the next batch is no other batch.
  const bool all_at_once = images.train_images <= images.images_per_step;
  return {"few-images",
          "The " + std::to_string(steps) + " steps saw each of the " + std::to_string(images.train_images) +
              " training images " + text(std::round(repeats(images, steps))) +
              " times, so that the curve shows how fast they are memorised.",
          all_at_once,
          "lower the batch size or the steps, or add images",
          {{"repeats", repeats(images, steps)}}};
}

Reason one_class_dominates(double share) {
  return {"one-class-dominates",
          text(100 * share) +
              " % of the training images are of one class, so that the curve shows mostly how fast the network learns "
              "to answer with it; weigh the classes or balance the images.",
          share >= overwhelming_share};
}

}  // namespace

std::vector<double> class_shares(const ImageFacts& images) {
  std::vector<double> shares = images.class_counts;
  for (std::size_t i = 0; i < std::min(shares.size(), images.class_weights.size()); ++i)
    shares[i] *= images.class_weights[i];
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (!(total > 0)) return {};
  for (double& share : shares) share /= total;
  return shares;
}

std::optional<double> guessing_loss(const ImageFacts& images) {
  const std::vector<double> shares = class_shares(images);
  double entropy = 0;
  for (const double share : shares) {
    const double label =
        (1 - images.label_smoothing) * share + images.label_smoothing / static_cast<double>(shares.size());
    if (label > 0) entropy -= label * std::log(label);
  }
  if (!(entropy > 0)) return std::nullopt;
  return entropy;
}

double repeats(const ImageFacts& images, std::size_t steps) {
  if (images.train_images == 0) return 0;
  return static_cast<double>(steps) * static_cast<double>(images.images_per_step) /
         static_cast<double>(images.train_images);
}

std::vector<Reason> diagnose_images(const ImageFacts& images, std::size_t steps) {
  std::vector<Reason> reasons;
  if (repeats(images, steps) >= many_repeats) reasons.push_back(few_images(images, steps));
  const std::vector<double> shares = class_shares(images);
  const auto largest = std::max_element(shares.begin(), shares.end());
  if (shares.size() > 1 && *largest >= dominating_share) reasons.push_back(one_class_dominates(*largest));
  return reasons;
}

}  // namespace lrfind::analysis
