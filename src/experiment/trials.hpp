// The trials of a sweep: range tests of one session, each from its own seed.
#pragma once

#include "experiment/session.hpp"
#include "experiment/settings.hpp"
#include "report/progress.hpp"

#include <lrfind/error.hpp>

#include <cstdint>
#include <lrfind/error.hpp>
#include <lrfind/range_test.hpp>
#include <optional>
#include <vector>

namespace lrfind::experiment {

/// What is measured at each step besides the batch loss.
struct Measuring {
  int gain_every = 0;                                    ///< steps between gain ratios; 0: none
  const data::Batch* probe = nullptr;                    ///< null: no probe loss
  const std::vector<data::Batch>* validation = nullptr;  ///< null: no validation
  int validate_every = 1;                                ///< steps; the last step is always validated
  bool update_ratios = false;
};

/// Seconds of a trial, by what they were spent on.
struct TrialTiming {
  double data_wait_s = 0, steps_s = 0, validation_s = 0;
  train::StepTimes steps;  ///< what steps_s consists of
};

struct TrialRun {
  Trial trial;
  std::vector<std::vector<double>> update_ratios;  ///< per step and trained parameter, when measured
  TrialTiming timing;
  std::int64_t images = 0;  ///< trained on
};

/// What became of a trial: it ran to its end, was interrupted, or failed after some steps.
struct TrialOutcome {
  TrialRun run;
  std::string failure;  ///< a sentence; empty: none
  ErrorKind failure_kind = ErrorKind::device;
};

/// The trials of one batch size.
struct Trials {
  std::vector<TrialRun> runs;
  bool complete = false;         ///< all trials ran to their end
  std::optional<Error> failure;  ///< what ended them early, other than a person
  double seconds = 0;
};

/// Runs the trials that the settings ask for, telling `progress` how far they are. Uses the session and the settings,
/// which must outlive it.
class TrialRunner {
 public:
  TrialRunner(Session& session, const SweepSettings& settings, report::ProgressTarget progress);

  /// Makes the engine ready for steps of this size, which counts as start-up (Engine::prepare).
  void prepare(std::int64_t batch_size, int accumulate);

  /// `analysis` decides when --trials auto is sure enough. Errors of the first step are thrown; later ones end the
  /// trials and are kept in `failure`, with what was measured before.
  Trials run(std::int64_t batch_size, int accumulate, const SuggestOptions& analysis);

 private:
  std::vector<TrialOutcome> next_outcomes(int number, const std::function<TrialOutcome(int)>& run) const;
  TrialRun run_trial(int number, std::int64_t batch_size, int accumulate, const OnStep& on_step, Trial& partial);
  bool sure(const std::vector<TrialRun>& runs, const SuggestOptions& analysis) const;

  Session& session_;
  const SweepSettings& settings_;
  report::ProgressTarget progress_;
  Clock::time_point start_ = Clock::now();
  data::Batch probe_;
  std::vector<data::Batch> validation_;
  Measuring measuring_;
};

}  // namespace lrfind::experiment
