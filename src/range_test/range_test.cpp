#include <lrfind/range_test.hpp>

#include "analysis/statistics.hpp"
#include "range_test/record.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>

namespace lrfind {

std::vector<double> learning_rates(const RangeTestOptions& options) {
  const auto [lo, hi, steps] = std::tuple(options.min_lr, options.max_lr, options.steps);
  if (!(lo > 0) || !std::isfinite(lo)) {
    throw std::invalid_argument("min_lr is " + std::to_string(lo) + "; it must be above 0");
  }
  if (!(hi > lo) || !std::isfinite(hi)) {
    throw std::invalid_argument("max_lr is " + std::to_string(hi) + "; it must be above min_lr, " + std::to_string(lo));
  }
  if (steps < 2) {
    throw std::invalid_argument("steps is " + std::to_string(steps) + "; a range test needs at least 2");
  }
  std::vector<double> rates(static_cast<std::size_t>(steps));
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double part = static_cast<double>(i) / (steps - 1);
    rates[i] = options.spacing == Spacing::linear ? lo + (hi - lo) * part : lo * std::pow(hi / lo, part);
  }
  // Rounding must not move the ends: a person who asked for 10 finds 10.
  rates.front() = lo;
  rates.back() = hi;
  return rates;
}

bool StopRule::diverged(double loss) {
  if (factor_ == 0) return false;
  if (!std::isfinite(loss)) return true;
  recent_.push_back(loss);
  if (recent_.size() < window) return false;
  if (recent_.size() > window) recent_.erase(recent_.begin());
  const double smoothed = analysis::median(recent_);
  if (std::isnan(start_)) start_ = smoothed;
  best_ = std::min(best_, smoothed);
  return smoothed > factor_ * best_ && smoothed > start_;
}

namespace {

void drop_if_never_measured(std::vector<double>& values) {
  if (std::all_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) values.clear();
}

}  // namespace

void record(Trial& trial, double lr, const Measurement& measured) {
  if (!trial.alignment.empty()) trial.alignment.back() = measured.alignment_of_previous;
  trial.alignment.push_back(Measurement::none);
  trial.lr.push_back(lr);
  trial.loss.push_back(measured.loss);
  trial.probe_loss.push_back(measured.probe_loss);
  trial.gain_ratio.push_back(measured.gain_ratio);
  trial.val_loss.push_back(measured.val_loss);
  trial.val_accuracy.push_back(measured.val_accuracy);
}

void drop_unmeasured(Trial& trial) {
  for (auto* values : {&trial.probe_loss, &trial.gain_ratio, &trial.alignment, &trial.val_loss, &trial.val_accuracy}) {
    drop_if_never_measured(*values);
  }
}

Trial range_test(const StepsAhead& steps, const RangeTestOptions& options, const ShouldStop& should_stop,
                 const OnStep& on_step) {
  if (options.stop_factor != 0 && !(options.stop_factor >= 1)) {
    throw std::invalid_argument("stop_factor is " + std::to_string(options.stop_factor) +
                                "; it must be 0 (never stop early) or at least 1");
  }
  const std::vector<double> rates = learning_rates(options);
  const std::size_t ahead = static_cast<std::size_t>(std::max(steps.ahead, 0));
  StopRule stop_rule(options.stop_factor);
  Trial trial;
  trial.seed = options.seed;
  std::size_t begun = 0;
  const auto begin_next = [&] {
    try {
      if (should_stop && should_stop()) throw StepInterrupted();
      steps.submit(rates[begun]);
      ++begun;
      return true;
    } catch (const StepInterrupted&) {
      trial.stopped = Stopped::interrupted;
      return false;
    }
  };
  for (std::size_t i = 0; i < rates.size(); ++i) {
    while (trial.stopped != Stopped::interrupted && begun < rates.size() && begun <= i + ahead && begin_next()) {
    }
    if (begun == i) break;  // interrupted, and everything that was begun is measured
    // The loss paired with a rate is that of the batch before the update made at this rate: it shows what the rates
    // below this one have done, never this one. Analysis counts on this pairing.
    const Measurement measured = steps.collect();
    record(trial, rates[i], measured);
    if (on_step) on_step(static_cast<int>(i), rates[i], measured);
    if (stop_rule.diverged(measured.loss)) {
      trial.stopped = Stopped::diverged;
      break;
    }
  }
  drop_unmeasured(trial);
  return trial;
}

Trial range_test(const MeasuredStep& step, const RangeTestOptions& options, const ShouldStop& should_stop,
                 const OnStep& on_step) {
  Measurement measured;
  return range_test(StepsAhead{.submit = [&](double lr) { measured = step(lr); }, .collect = [&] { return measured; }},
                    options, should_stop, on_step);
}

Trial range_test(const Step& step, const RangeTestOptions& options, const ShouldStop& should_stop) {
  const MeasuredStep measured_step = [&step](double lr) {
    Measurement measured;
    measured.loss = step(lr);
    return measured;
  };
  return range_test(measured_step, options, should_stop, {});
}

}  // namespace lrfind
