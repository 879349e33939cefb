#include "verify/verify.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lrfind::command {

namespace {

Spread spread_of(const Candidate& candidate, double TrainingRun::*value) {
  std::vector<double> values;
  for (const auto& run : candidate.runs) {
    if (std::isfinite(run.*value)) values.push_back(run.*value);
  }
  Spread spread;
  spread.count = static_cast<int>(values.size());
  if (values.empty()) return spread;
  const auto n = static_cast<double>(values.size());
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double v : values) squares += (v - spread.mean) * (v - spread.mean);
  spread.deviation = std::sqrt(squares / (n - 1));
  return spread;
}

// Standard error of the difference of two accuracies. With several seeds, from the deviation between seeds, pooled over
// the candidates that trained to the end; with one, from drawing the validation images (a binomial count).
double difference_noise(const ScheduleVerdict& verdict, std::size_t val_images) {
  double squares = 0;
  double freedom = 0;
  double runs = 0;
  for (const auto& candidate : verdict.candidates) {
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
  const double best = (accuracy_of(verdict.candidates[*verdict.best]).mean * n + 1) / (n + 2);
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

Spread accuracy_of(const Candidate& candidate) { return spread_of(candidate, &TrainingRun::val_accuracy); }
Spread loss_of(const Candidate& candidate) { return spread_of(candidate, &TrainingRun::val_loss); }

void judge(ScheduleVerdict& verdict, std::size_t val_images) {
  verdict.best.reset();
  const auto better = [](const Candidate& a, const Candidate& b) {
    const double accuracy_a = accuracy_of(a).mean;
    const double accuracy_b = accuracy_of(b).mean;
    if (accuracy_a != accuracy_b) return accuracy_a > accuracy_b;
    const double loss_a = loss_of(a).mean;
    const double loss_b = loss_of(b).mean;
    if (std::isfinite(loss_a) && std::isfinite(loss_b) && loss_a != loss_b) return loss_a < loss_b;
    return a.suggested && !b.suggested;
  };
  for (std::size_t i = 0; i < verdict.candidates.size(); ++i) {
    if (accuracy_of(verdict.candidates[i]).count == 0) continue;
    if (!verdict.best || better(verdict.candidates[i], verdict.candidates[*verdict.best])) verdict.best = i;
  }
  verdict.noise = report::not_measured;
  verdict.held = false;
  if (!verdict.best) return;
  verdict.noise = difference_noise(verdict, val_images);
  const double best = accuracy_of(verdict.candidates[*verdict.best]).mean;
  for (const auto& candidate : verdict.candidates) {
    const auto accuracy = accuracy_of(candidate);
    if (!candidate.suggested || accuracy.count == 0) continue;
    const bool whole = candidate.runs.front().end == RunEnd::completed;
    verdict.held = whole && best - accuracy.mean <= 2 * verdict.noise;
  }
}

std::vector<bool> next_round(const ScheduleVerdict& verdict) {
  std::vector<bool> stays(verdict.candidates.size(), true);
  if (!verdict.best) return stays;
  std::size_t most_runs = 0;
  for (const auto& candidate : verdict.candidates) most_runs = std::max(most_runs, candidate.runs.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < stays.size(); ++i) {
    const auto& candidate = verdict.candidates[i];
    const bool running = candidate.runs.size() == most_runs && accuracy_of(candidate).count > 0 &&
                         candidate.runs.back().end == RunEnd::completed;
    stays[i] = running || candidate.suggested;
    if (stays[i]) order.push_back(i);
  }
  const auto mean = [&](std::size_t i) {
    const auto accuracy = accuracy_of(verdict.candidates[i]);
    return accuracy.count > 0 ? accuracy.mean : -1;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return mean(a) > mean(b); });
  for (std::size_t rank = (order.size() + 1) / 2; rank < order.size(); ++rank) {
    const std::size_t i = order[rank];
    const bool clearly_worse = mean(order.front()) - mean(i) > 2 * verdict.noise;
    if (clearly_worse && !verdict.candidates[i].suggested) stays[i] = false;
  }
  return stays;
}

bool hopeless(const std::vector<double>& losses, const std::vector<double>& best_losses) {
  const std::size_t step = losses.size();
  if (step == 0 || best_losses.size() < step) return false;
  const std::size_t window = std::max<std::size_t>(step / 5, 5);
  const double fall = losses.front() - mean_of_last(losses, step, window);
  const double best_fall = best_losses.front() - mean_of_last(best_losses, step, window);
  const double noise = (deviation_of_last(losses, step, window) + deviation_of_last(best_losses, step, window)) /
                       std::sqrt(static_cast<double>(std::min(window, step)));
  return best_fall - fall > 3 * noise && fall < best_fall / 4;
}

}  // namespace lrfind::command
