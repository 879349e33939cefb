// How the suggested rate grows with the batch size.
#pragma once

#include "experiment/trials.hpp"
#include "report/result.hpp"
#include "report/terminal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::experiment {

struct BatchSizeStudy {
  Trials chosen;  ///< those at --batch-size where it is among the sizes, else at the smallest
  std::int64_t chosen_size = 0;
  bool complete = false;
  std::optional<Error> failure;
  report::Json table = report::Json::array();  ///< the result's "batch_sizes"
  report::Json exponent;  ///< the result's "batch_exponent": value and interval; null with too few sizes
};

/// Sweeps at each size. How the rate grows is read off the rate at which alignment turns negative (Trial::alignment):
/// it weighs what batches have in common against their noise, which is what batch size changes (McCandlish et al. 2018,
/// arXiv:1812.06162), while the edge of divergence and usual rates know no batch size. The suggestion at the chosen
/// size is carried to the others in that proportion. A size that does not fit into memory is reached by accumulating
/// smaller batches.
BatchSizeStudy study_batch_sizes(TrialRunner& runner, const SweepSettings& settings,
                                 const std::vector<std::int64_t>& sizes, const SuggestOptions& analysis);

/// The table and the exponent for people, with a picture of rate against batch size; empty without a study.
std::string batch_size_text(const report::Result& result, const report::TerminalStyle& style);

}  // namespace lrfind::experiment
