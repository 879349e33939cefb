// Trains from scratch at rates around a suggestion and says which ended best: the core of `verify` and `sweep
// --verify`.
//
// A candidate is one rate on one schedule. Every candidate is trained with the first seed, each further seed goes to
// the better half and to whatever is not clearly worse (successive halving: Jamieson and Talwalkar 2016, with seeds as
// the budget); a run that makes no headway while others do ends early. The suggestion itself is always trained in full.
#pragma once

#include <lrfind/error.hpp>
#include "experiment/session.hpp"
#include "report/progress.hpp"
#include "report/verification.hpp"
#include "schedule/schedule.hpp"
#include "schedule/suggested_rate.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::verify {

using experiment::Session;
using report::Candidate;
using report::RunEnd;
using report::ScheduleResult;
using report::TrainingRun;
using report::Verification;

/// How candidates are trained.
struct VerifyOptions {
  std::vector<std::string> schedules = {"constant"};  ///< names of train::schedule_names()
  std::vector<double> factors;  ///< on the suggestion; 1 is always among them. Empty: `rates` only
  std::vector<double> rates;    ///< further rates to train at
  int steps = 0;                ///< of a run
  int warmup = 0;               ///< train::usual_schedule
  int seeds = 1;
  bool keep_all = false;        ///< train every candidate with every seed to the end
  bool extend = false;          ///< where the best lies at the edge, try beyond it, twice at most
  bool refine = false;          ///< train at the fitted peak as well and select a rate, see fitted_peak()
  std::size_t val_limit = 0;    ///< validation images used; 0: all
  std::int64_t batch_size = 0;  ///< 0: the recipe's
  int evaluations = 1;  ///< at a constant rate: in a run's last fifth; their mean wanders less than the last one
};

/// Told after every step: run of runs (counted from 1; runs may become fewer), step of steps, rate, loss.
using OnVerifyStep = std::function<void(int run, int runs, int step, double lr, double loss)>;

/// Trains the candidates. `suggestion` may be empty when options.rates are not. Throws Error (usage) when there is
/// nothing to validate on or to train at.
Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          const OnVerifyStep& on_step);

/// The same, telling `progress` how far it is.
Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          const report::ProgressTarget& progress);

/// Steps of a run of `epochs` over the training images, at least 1; `epochs` 0: `steps`; both 0: three epochs, but at
/// least 100 and at most 600 steps.
int run_length(std::int64_t steps, double epochs, const data::Dataset& dataset, std::int64_t images_per_step);

using train::suggested_rate;

// --- ranking, plain numbers ---

/// Sets best, noise and held from the candidates' runs. `val_images` is the number that accuracies rest on.
void rank(ScheduleResult& result, std::size_t val_images);

/// Where the accuracy peaks, by a parabola in log10(lr) that is fitted to the candidates with the suggestion as a
/// prior: one training per rate is too noisy for its maximum to be believed.
struct FittedPeak {
  double lr = 0;
  Interval interval;  ///< 90 %
};

/// Nothing when no candidate is the suggestion or none was trained. `val_images` as in rank().
std::optional<FittedPeak> fitted_peak(const ScheduleResult& result, std::size_t val_images);

/// The candidate whose every run reached its end that is nearest to `lr` in the logarithm.
std::optional<std::size_t> nearest_completed(const ScheduleResult& result, double lr);

/// Whether each candidate deserves another seed.
std::vector<bool> next_round(const ScheduleResult& result);

/// Whether a run's training losses so far show no headway while another run's did by the same step: less than a quarter
/// of its fall, and clearly less.
bool should_prune(const std::vector<double>& losses, const std::vector<double>& best_losses);

/// The suggestion with lr, or max_lr, moved to the selected rate where that differs; what could not be verified stays.
Suggestion verified(const Suggestion& suggestion, const Verification& verification);

}  // namespace lrfind::verify
