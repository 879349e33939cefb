// The rules of the tools people know, restated from their sources. Each takes one raw curve, smooths and trims it as
// its tool does, and returns nothing where its tool has too few points to go on. With SuggestOptions::smoothing at 0
// none of them smooths, so that a tool's own history, which is smoothed, gives the tool's own number.
//
// Points without a finite loss are left out after trimming. The tools do not agree on them: fastai drops everything
// from the first NaN on, Lightning only the points themselves. For a sweep, which ends at the first one, it is the
// same.
#pragma once

#include <lrfind/suggest.hpp>
#include <optional>
#include <vector>

namespace lrfind::analysis {

/// What a rule sees of a curve: its losses smoothed and its ends trimmed, finite points only.
struct Points {
  std::vector<double> lr, loss;
  std::size_t size() const { return lr.size(); }
};

/// For valley(), slide(), minimum() and steepest().
Points fastai_points(const Trial& trial, const SuggestOptions& options);

Points torch_lr_finder_points(const Trial& trial, const SuggestOptions& options);

Points ignite_points(const Trial& trial, const SuggestOptions& options);

Points lightning_points(const Trial& trial, const SuggestOptions& options);

/// fastai 2.8 `lr_find`, Valley: in the longest strictly decreasing subsequence of the smoothed loss, a point about
/// halfway. fastai trims a tenth of the planned steps at the start and 5 points at the end, also for the next three.
std::optional<double> valley(const Trial& trial, const SuggestOptions& options);

/// fastai Slide: from the high end, an interval of 15 points slides down for as long as the gradients of the smoothed
/// loss at its ends differ by more than 0.005; the rate is that of its lower end.
std::optional<double> slide(const Trial& trial, const SuggestOptions& options);

/// fastai Minimum: a tenth of the rate where the smoothed loss is lowest.
std::optional<double> minimum(const Trial& trial, const SuggestOptions& options);

/// fastai Steep: where the smoothed loss falls fastest from one point to the next against the logarithm of the rate.
std::optional<double> steepest(const Trial& trial, const SuggestOptions& options);

/// torch-lr-finder 0.2 `plot`: loss smoothed by l_i = 0.05 x_i + 0.95 l_(i-1), l_0 = x_0; 10 points trimmed at the
/// start and 5 at the end; where the central difference from step to step is lowest. The factor is its own, unless that
/// of the options is 0.
std::optional<double> torch_lr_finder(const Trial& trial, const SuggestOptions& options);

/// PyTorch-Ignite 0.5 `FastaiLRFinder.lr_suggestion`: the smoothing of torch_lr_finder(), untrimmed, up to its minimum.
std::optional<double> ignite(const Trial& trial, const SuggestOptions& options);

/// Lightning 2.6 `_LRFinder.suggestion`: 10 points trimmed at the start and 1 at the end; where the second-order slope
/// of the smoothed loss against the rate itself is lowest. Its average divides by 1 - f^(i+2), one power more than
/// debiasing asks for, because it counts the steps after the optimizer's.
std::optional<double> lightning(const Trial& trial, const SuggestOptions& options);

}  // namespace lrfind::analysis
