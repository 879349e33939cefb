// What can be chosen for a sweep.
#pragma once

#include <lrfind/error.hpp>
#include "command/command.hpp"
#include "experiment/session.hpp"

#include <lrfind/range_test.hpp>
#include <lrfind/suggest.hpp>

#include <string>
#include <vector>

namespace lrfind::command {

struct SweepSettings {
  CommonSettings common;
  SessionSettings session;
  double min_lr = 1e-7, max_lr = 10;
  std::int64_t steps = 100;
  std::string spacing = "exp";
  std::string trials = "auto";
  std::int64_t max_trials = 7;
  double max_seconds = 0;
  double precision_decades = 0.15;
  double stop_factor = 4;
  std::string rule = SuggestOptions{}.rule;
  double smoothing = 0.98;
  std::string probe = "auto";
  std::int64_t gain_every = 4;
  std::string metric = "train-loss";
  std::int64_t eval_every = 5;
  std::string batch_sizes;
  bool layerwise = false;
  bool verify = false;
  double verify_epochs = 0;
  std::int64_t verify_steps = 0;
  std::string output = "lr.json";
  std::string csv, plot;
  bool print_lr = false;
  bool list_parameters = false;
};

void declare(CommandLine& line, SweepSettings& settings);

/// Throws Error (usage) or Error (output) for what can be known to go wrong before any work is done.
void check(const OptionSet& options, SweepSettings& settings);

/// The sizes in settings.batch_sizes, rising; empty when no study was asked for. Throws Error (usage).
std::vector<std::int64_t> batch_sizes(const SweepSettings& settings);

RangeTestOptions range_options(const SweepSettings& settings, int trial);
SuggestOptions suggest_options(const SweepSettings& settings);

}  // namespace lrfind::command
