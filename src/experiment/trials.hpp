// The trials of a sweep: range tests of one session, each from its own seed.
#pragma once

#include "experiment/session.hpp"
#include "experiment/settings.hpp"
#include "report/progress.hpp"

#include <cstdint>
#include <functional>
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

/// The trials of one batch size.
struct Trials {
  std::vector<TrialRun> runs;
  bool complete = false;         ///< all trials ran to their end
  std::optional<Error> failure;  ///< what ended them early, other than a person
  double seconds = 0;
};

/// Runs one trial, from 0, and tells of each of its steps.
using RunTrial = std::function<TrialRun(int number, const OnStep& on_step)>;

/// Runs as many trials as the settings ask for, showing how far they are. `analysis` decides when --trials auto is sure
/// enough; `start` is when its --max-seconds began. Exceptions of the first step are thrown; later ones end the trials
/// and are kept in `failure`, with what was measured before. images_per_step: 0 where nobody knows.
Trials run_trials(const RunTrial& run_trial, const SweepSettings& settings, std::uint64_t seed,
                  const SuggestOptions& analysis, std::int64_t images_per_step, const std::stop_token& stop,
                  Clock::time_point start, report::Progress& progress);

/// Runs the trials that the settings ask for, telling `progress` how far they are. Uses the session and the settings,
/// which must outlive it.
class TrialRunner {
 public:
  TrialRunner(Session& session, const SweepSettings& settings, report::ProgressTarget progress);

  /// Makes the engine ready for steps of this size, which counts as start-up (Engine::prepare).
  void prepare(std::int64_t batch_size, int accumulate);

  /// As run_trials.
  Trials run(std::int64_t batch_size, int accumulate, const SuggestOptions& analysis);

 private:
  TrialRun run_trial(int number, std::int64_t batch_size, int accumulate, const OnStep& on_step);

  Session& session_;
  const SweepSettings& settings_;
  report::ProgressTarget progress_;
  Clock::time_point start_ = Clock::now();
  data::Batch probe_;
  std::vector<data::Batch> validation_;
  Measuring measuring_;
};

}  // namespace lrfind::experiment
