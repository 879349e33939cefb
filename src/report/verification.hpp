// What a verification measured, as plain values, and how it is shown. src/verify fills them in.
#pragma once

#include "report/result.hpp"
#include "schedule/schedule.hpp"

#include <lrfind/error.hpp>
#include <lrfind/suggest.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

/// How a training ended; pruned: given up because it made no headway while another did.
enum class RunEnd { completed, diverged, pruned, interrupted };
std::string_view to_string(RunEnd end);

/// One training from scratch. NaN where not measured.
struct TrainingRun {
  std::uint64_t seed = 0;
  int steps = 0;  ///< done
  RunEnd end = RunEnd::completed;
  double train_loss = not_measured;  ///< mean of the last tenth of the run
  double val_loss = not_measured, val_accuracy = not_measured;
  std::vector<double> losses = {};  ///< of every step
};

/// One rate on one schedule.
struct Candidate {
  double lr = 0;
  double factor = not_measured;  ///< on the suggestion
  bool suggested = false;
  std::vector<TrainingRun> runs;  ///< one per seed it was given
};

/// Mean and sample standard deviation over a candidate's runs that were measured; NaN without, deviation also with one.
struct Spread {
  double mean = not_measured, deviation = not_measured;
  int count = 0;
};
Spread accuracy_of(const Candidate& candidate);
Spread loss_of(const Candidate& candidate);

/// Everything about one schedule.
struct ScheduleResult {
  train::Schedule schedule;                   ///< as it was for the suggestion, or the first rate
  bool has_suggestion = false;                ///< whether a candidate is the suggestion
  std::vector<Candidate> candidates;          ///< by rising rate
  std::optional<std::size_t> best;            ///< of highest mean accuracy, nearly equal ones told apart by the loss
  double noise = not_measured;                ///< standard error of the difference of two candidates' accuracies
  bool held = false;                          ///< the suggestion is at most twice the noise below the best
  std::optional<std::size_t> selected;        ///< the trained rate next to the fitted peak, where one was asked for
  std::optional<Interval> selected_interval;  ///< 90 %, of the fitted peak
};

struct Verification {
  bool complete = true;
  int steps = 0, warmup = 0;  ///< of every run
  int evaluations = 1;        ///< of a run at a constant rate
  int seeds = 1;
  std::size_t val_images = 0;
  std::vector<ScheduleResult> schedules;
  double seconds = 0;
  std::optional<Error> failure;  ///< what ended it; everything before is there
};

/// The "verify" section of a result.
Json verification_json(const Verification& verification);

/// A row per candidate, cells without blanks: schedule lr factor val_accuracy val_accuracy_std val_loss seeds status
/// mark
std::string verification_table(const Verification& verification);

/// What it means, a sentence per schedule.
std::string verification_summary(const Verification& verification, int columns);

}  // namespace lrfind::report
