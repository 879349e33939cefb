// The trials of a sweep: range tests of one session, each from its own seed.
#pragma once

#include "command/session.hpp"

#include <cstdint>
#include <lrfind/range_test.hpp>
#include <vector>

namespace lrfind::command {

/// What is measured at each step besides the batch loss.
struct Measuring {
  bool gain_ratio = false;
  const data::Batch* probe = nullptr;                    ///< null: no probe loss
  const std::vector<data::Batch>* validation = nullptr;  ///< null: no validation
  int validate_every = 1;                                ///< steps; the last step is always validated
  bool update_ratios = false;
};

/// Seconds of a trial, by what they were spent on.
struct TrialTiming {
  double data_wait_s = 0, train_s = 0, probe_s = 0, validation_s = 0;
};

struct TrialRun {
  Trial trial;
  std::vector<std::vector<double>> update_ratios;  ///< per step and trained parameter, when measured
  TrialTiming timing;
  std::int64_t images = 0;  ///< trained on
};

/// One range test. What it measured before an exception reaches the caller through `partial`.
TrialRun run_trial(Session& session, const RangeTestOptions& options, std::int64_t batch_size, int accumulate,
                   const Measuring& measuring, const OnStep& on_step, Trial* partial = nullptr);

}  // namespace lrfind::command
