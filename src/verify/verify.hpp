// Trains from scratch at rates around a suggestion and says which ended best: the core of `verify` and `sweep
// --verify`.
//
// A candidate is one rate on one schedule. Every candidate is trained with the first seed, each further seed goes to
// the better half and to whatever is not clearly worse (successive halving: Jamieson and Talwalkar 2016, with seeds as
// the budget); a run that makes no headway while others do ends early. The suggestion itself is always trained in full.
#pragma once

#include <lrfind/error.hpp>
#include "command/console.hpp"
#include "experiment/session.hpp"
#include "report/result.hpp"
#include "schedule/schedule.hpp"

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace lrfind::command {

/// How candidates are trained.
struct VerifyOptions {
  std::vector<std::string> schedules = {"constant"};  ///< names of train::schedule_names()
  std::vector<double> factors;  ///< on the suggestion; 1 is always among them. Empty: `rates` only
  std::vector<double> rates;    ///< further rates to train at
  int steps = 0;                ///< of a run
  int warmup = 0;               ///< train::usual_schedule
  int seeds = 1;
  bool keep_all = false;      ///< train every candidate with every seed to the end
  bool extend = false;        ///< where the best lies at the edge, try beyond it, twice at most
  bool settle = false;        ///< train at the fitted peak as well and name a winner, see fitted_peak()
  std::size_t val_limit = 0;  ///< validation images used; 0: all
  int evaluations = 1;        ///< at a constant rate: in a run's last fifth; their mean wanders less than the last one
};

enum class RunEnd { completed, diverged, dropped, interrupted };
std::string_view to_string(RunEnd end);

/// One training from scratch. NaN where not measured.
struct TrainingRun {
  std::uint64_t seed = 0;
  int steps = 0;  ///< done
  RunEnd end = RunEnd::completed;
  double train_loss = report::not_measured;  ///< mean of the last tenth of the run
  double val_loss = report::not_measured, val_accuracy = report::not_measured;
  std::vector<double> losses = {};  ///< of every step
};

struct Candidate {
  double lr = 0;
  double factor = report::not_measured;  ///< on the suggestion
  bool suggested = false;
  std::vector<TrainingRun> runs;  ///< one per seed it was given
};

/// Mean and sample standard deviation over a candidate's runs that were measured; NaN without, deviation also with one.
struct Spread {
  double mean = report::not_measured, deviation = report::not_measured;
  int count = 0;
};
Spread accuracy_of(const Candidate& candidate);
Spread loss_of(const Candidate& candidate);

/// Everything about one schedule.
struct ScheduleVerdict {
  train::Schedule schedule;                 ///< as it was for the suggestion, or the first rate
  bool has_suggestion = false;              ///< whether a candidate is the suggestion
  std::vector<Candidate> candidates;        ///< by rising rate
  std::optional<std::size_t> best;          ///< of highest mean accuracy, nearly equal ones told apart by the loss
  double noise = report::not_measured;      ///< standard error of the difference of two candidates' accuracies
  bool held = false;                        ///< the suggestion is at most twice the noise below the best
  std::optional<std::size_t> winner;        ///< with options.settle: the trained rate next to the fitted peak
  std::optional<Interval> winner_interval;  ///< 90 %, of the fitted peak
};

struct Verification {
  bool complete = true;
  VerifyOptions options;
  std::size_t val_images = 0;
  std::vector<ScheduleVerdict> schedules;
  double seconds = 0;
  std::exception_ptr failure;  ///< what ended it; everything before is there
};

/// Told after every step: run of runs (counted from 1; runs may become fewer), step of steps, rate, loss.
using OnVerifyStep = std::function<void(int run, int runs, int step, double lr, double loss)>;

/// Trains the candidates. `suggestion` may be empty when options.rates are not. Throws Error (usage) when there is
/// nothing to validate on or to train at.
Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          std::uint64_t seed, const OnVerifyStep& on_step);

/// The same with a progress line for people.
Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          const CommonSettings& common, People& people, std::int64_t batch_size);

/// Steps of a run of `epochs` over the training images, at least 1; `epochs` 0: `steps`; both 0: three epochs, but at
/// least 100 and at most 600 steps.
int run_length(std::int64_t steps, double epochs, const data::Dataset& dataset, std::int64_t images_per_step);

/// The rate that a schedule starts from according to a suggestion (lr, or max_lr where it decays or cycles).
std::optional<double> suggested_rate(const Suggestion& suggestion, train::ScheduleKind kind);

// --- judging, plain numbers ---

/// Sets best, noise and held from the candidates' runs. `val_images` is the number that accuracies rest on.
void judge(ScheduleVerdict& verdict, std::size_t val_images);

/// Where the accuracy peaks, by a parabola in log10(lr) that is fitted to the candidates with the suggestion as a
/// prior: one training per rate is too noisy for its maximum to be believed.
struct FittedPeak {
  double lr = 0;
  Interval interval;  ///< 90 %
};

/// Nothing when no candidate is the suggestion or none was trained. `val_images` as in judge().
std::optional<FittedPeak> fitted_peak(const ScheduleVerdict& verdict, std::size_t val_images);

/// The candidate whose every run reached its end that is nearest to `lr` in the logarithm.
std::optional<std::size_t> nearest_completed(const ScheduleVerdict& verdict, double lr);

/// Whether each candidate deserves another seed.
std::vector<bool> next_round(const ScheduleVerdict& verdict);

/// Whether a run's training losses so far show no headway while another run's did by the same step: less than a quarter
/// of its fall, and clearly less.
bool hopeless(const std::vector<double>& losses, const std::vector<double>& best_losses);

// --- showing ---

/// The "verify" section of a result.
report::Json verification_json(const Verification& verification);

/// A row per candidate, cells without blanks: schedule lr factor val_accuracy val_accuracy_std val_loss seeds status
/// mark
std::string verification_table(const Verification& verification);

/// What it means, a sentence per schedule.
std::string verification_summary(const Verification& verification, int columns);

/// The suggestion with lr, or max_lr, moved to the winner where that differs; what could not be verified stays.
Suggestion verified(const Suggestion& suggestion, const Verification& verification);

}  // namespace lrfind::command
