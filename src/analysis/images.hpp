// What the images say about a curve: the loss that guessing reaches, and how often a sweep repeats them.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <vector>

namespace lrfind::analysis {

/// Share of each class in the loss, its count times its weight; empty when the counts are unknown.
std::vector<double> class_shares(const ImageFacts& images);

/// Cross-entropy of a network that answers every image with the shares of the classes: the entropy of the (smoothed)
/// labels. A network gets below it only by looking at the image and where labels have to do with it. None when the
/// counts are unknown or there is one class only.
std::optional<double> guessing_loss(const ImageFacts& images);

/// How often a sweep of `steps` steps sees each image; 0 when unknown.
double repeats(const ImageFacts& images, std::size_t steps);

/// Reasons that lie in the data whatever the curve: few-images, one-class-dominates. Warnings, unless extreme.
std::vector<Reason> diagnose_images(const ImageFacts& images, std::size_t steps);

}  // namespace lrfind::analysis
