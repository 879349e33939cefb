// How the suggested rate grows with the batch size.
#pragma once

#include "command/sweep_trials.hpp"
#include "report/result.hpp"
#include "report/terminal.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace lrfind::command {

struct BatchSizeStudy {
  Trials chosen;  ///< those at --batch-size where it is among the sizes, else at the smallest
  std::int64_t chosen_size = 0;
  bool complete = false;
  std::exception_ptr failure;
  report::Json table = report::Json::array();  ///< the result's "batch_sizes"
  report::Json exponent;  ///< the result's "batch_exponent": value and interval; null with too few sizes
};

/// Sweeps at each size. The suggestions of the table rest on the curves alone, without habit, which knows no batch
/// size. A size that does not fit into memory is reached by accumulating smaller batches.
BatchSizeStudy study_batch_sizes(TrialRunner& runner, const SweepSettings& settings,
                                 const std::vector<std::int64_t>& sizes);

/// The table and the exponent for people, with a picture of rate against batch size; empty without a study.
std::string batch_size_text(const report::Result& result, const report::TerminalStyle& style);

}  // namespace lrfind::command
