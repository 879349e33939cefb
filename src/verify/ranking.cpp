#include "verify/verify.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::verify {

using report::accuracy_of;
using report::loss_of;

namespace {

// Standard error of the difference of two accuracies. With several seeds, from the deviation between seeds, pooled over
// the candidates that trained to the end; with one, from drawing the validation images (a binomial count).
double difference_noise(const ScheduleResult& result, std::size_t val_images) {
  double squares = 0;
  double freedom = 0;
  double runs = 0;
  for (const auto& candidate : result.candidates) {
    const auto accuracy = accuracy_of(candidate);
    const bool whole = std::all_of(candidate.runs.begin(), candidate.runs.end(),
                                   [](const TrainingRun& run) { return run.end == RunEnd::completed; });
    if (accuracy.count < 2 || !whole) continue;
    squares += accuracy.deviation * accuracy.deviation * (accuracy.count - 1);
    freedom += accuracy.count - 1;
    runs = std::max(runs, static_cast<double>(accuracy.count));
  }
  if (freedom > 0) return std::sqrt(2 * squares / freedom / runs);
  // One success and one failure more, so that few images that are all right do not pass for certainty.
  const auto n = static_cast<double>(val_images);
  const double best = (accuracy_of(result.candidates[*result.best]).mean * n + 1) / (n + 2);
  return std::sqrt(2 * best * (1 - best) / (n + 2));
}

double mean_of_last(const std::vector<double>& values, std::size_t end, std::size_t count) {
  const std::size_t begin = end > count ? end - count : 0;
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += values[i];
  return sum / static_cast<double>(end - begin);
}

double deviation_of_last(const std::vector<double>& values, std::size_t end, std::size_t count) {
  const std::size_t begin = end > count ? end - count : 0;
  const double mean = mean_of_last(values, end, count);
  double squares = 0;
  for (std::size_t i = begin; i < end; ++i) squares += (values[i] - mean) * (values[i] - mean);
  return std::sqrt(squares / static_cast<double>(end - begin));
}

}  // namespace

void rank(ScheduleResult& result, std::size_t val_images) {
  result.best.reset();
  const auto better = [](const Candidate& a, const Candidate& b) {
    const double accuracy_a = accuracy_of(a).mean;
    const double accuracy_b = accuracy_of(b).mean;
    if (accuracy_a != accuracy_b) return accuracy_a > accuracy_b;
    const double loss_a = loss_of(a).mean;
    const double loss_b = loss_of(b).mean;
    if (std::isfinite(loss_a) && std::isfinite(loss_b) && loss_a != loss_b) return loss_a < loss_b;
    return a.suggested && !b.suggested;
  };
  for (std::size_t i = 0; i < result.candidates.size(); ++i) {
    if (accuracy_of(result.candidates[i]).count == 0) continue;
    if (!result.best || better(result.candidates[i], result.candidates[*result.best])) result.best = i;
  }
  result.noise = report::not_measured;
  result.held = false;
  if (!result.best) return;
  result.noise = difference_noise(result, val_images);
  const double best = accuracy_of(result.candidates[*result.best]).mean;
  for (const auto& candidate : result.candidates) {
    const auto accuracy = accuracy_of(candidate);
    if (!candidate.suggested || accuracy.count == 0) continue;
    const bool whole = candidate.runs.front().end == RunEnd::completed;
    result.held = whole && best - accuracy.mean <= 2 * result.noise;
  }
}

std::vector<bool> next_round(const ScheduleResult& result) {
  std::vector<bool> stays(result.candidates.size(), true);
  if (!result.best) return stays;
  std::size_t most_runs = 0;
  for (const auto& candidate : result.candidates) most_runs = std::max(most_runs, candidate.runs.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < stays.size(); ++i) {
    const auto& candidate = result.candidates[i];
    const bool running = candidate.runs.size() == most_runs && accuracy_of(candidate).count > 0 &&
                         candidate.runs.back().end == RunEnd::completed;
    stays[i] = running || candidate.suggested;
    if (stays[i]) order.push_back(i);
  }
  const auto mean = [&](std::size_t i) {
    const auto accuracy = accuracy_of(result.candidates[i]);
    return accuracy.count > 0 ? accuracy.mean : -1;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return mean(a) > mean(b); });
  for (std::size_t place = (order.size() + 1) / 2; place < order.size(); ++place) {
    const std::size_t i = order[place];
    const bool clearly_worse = mean(order.front()) - mean(i) > 2 * result.noise;
    if (clearly_worse && !result.candidates[i].suggested) stays[i] = false;
  }
  return stays;
}

bool should_prune(const std::vector<double>& losses, const std::vector<double>& best_losses) {
  const std::size_t step = losses.size();
  if (step == 0 || best_losses.size() < step) return false;
  const std::size_t window = std::max<std::size_t>(step / 5, 5);
  const double fall = losses.front() - mean_of_last(losses, step, window);
  const double best_fall = best_losses.front() - mean_of_last(best_losses, step, window);
  const double noise = (deviation_of_last(losses, step, window) + deviation_of_last(best_losses, step, window)) /
                       std::sqrt(static_cast<double>(std::min(window, step)));
  return best_fall - fall > 3 * noise && fall < best_fall / 4;
}

}  // namespace lrfind::verify
