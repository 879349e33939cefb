#include <algorithm>
#include <cmath>
#include <limits>
#include <lrfind/curve.hpp>
#include <lrfind/suggest.hpp>
#include <stdexcept>

namespace lrfind {

std::string_view to_string(Stopped stopped) {
  switch (stopped) {
    case Stopped::completed:
      return "completed";
    case Stopped::diverged:
      return "diverged";
    case Stopped::interrupted:
      return "interrupted";
  }
  throw std::invalid_argument("to_string: not a value of lrfind::Stopped");
}

namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();
using Measurement = std::vector<double> Trial::*;

bool same_rate(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(a, b); }

/// The measurement at `rate`, linear in log10 of the rate between neighbours; NaN where the trial did not reach it.
double value_at(const Trial& trial, const std::vector<double>& values, double rate) {
  const auto above =
      std::partition_point(trial.lr.begin(), trial.lr.end(), [&](double r) { return r < rate && !same_rate(r, rate); });
  if (above == trial.lr.end()) return not_measured;
  const auto right = static_cast<std::size_t>(above - trial.lr.begin());
  if (same_rate(trial.lr[right], rate)) return values[right];
  if (right == 0) return not_measured;
  const double share = std::log(rate / trial.lr[right - 1]) / std::log(trial.lr[right] / trial.lr[right - 1]);
  return (1 - share) * values[right - 1] + share * values[right];
}

std::vector<double> mean_at(const std::vector<Trial>& trials, Measurement measurement,
                            const std::vector<double>& rates) {
  const auto measured = [&](const Trial& trial) { return !(trial.*measurement).empty(); };
  if (std::none_of(trials.begin(), trials.end(), measured)) return {};
  std::vector<double> mean;
  mean.reserve(rates.size());
  for (const double rate : rates) {
    double sum = 0;
    int count = 0;
    for (const Trial& trial : trials) {
      if (!measured(trial)) continue;
      const double value = value_at(trial, trial.*measurement, rate);
      if (!std::isfinite(value)) continue;
      sum += value;
      ++count;
    }
    mean.push_back(count > 0 ? sum / count : not_measured);
  }
  return mean;
}

Stopped stopped_together(const std::vector<Trial>& trials) {
  const auto any = [&](Stopped how) {
    return std::any_of(trials.begin(), trials.end(), [how](const Trial& trial) { return trial.stopped == how; });
  };
  if (any(Stopped::interrupted)) return Stopped::interrupted;
  return any(Stopped::diverged) ? Stopped::diverged : Stopped::completed;
}

}  // namespace

Trial aggregate(const std::vector<Trial>& trials) {
  if (trials.empty()) return {};
  const auto longest = std::max_element(trials.begin(), trials.end(),
                                        [](const Trial& a, const Trial& b) { return a.lr.size() < b.lr.size(); });
  Trial whole;
  whole.seed = trials.front().seed;
  whole.lr = longest->lr;
  for (const Measurement measurement : {&Trial::loss, &Trial::probe_loss, &Trial::gain_ratio, &Trial::alignment,
                                        &Trial::val_loss, &Trial::val_accuracy})
    whole.*measurement = mean_at(trials, measurement, whole.lr);
  whole.stopped = stopped_together(trials);
  return whole;
}

}  // namespace lrfind
