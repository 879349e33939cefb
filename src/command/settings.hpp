// Binds what can be chosen (experiment/settings.hpp) to the command line and the config file, one declaration for each
// subject.
#pragma once

#include "command/options.hpp"
#include "experiment/external_trials.hpp"
#include "experiment/settings.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::command {

/// Options that every command takes.
struct CommonOptions : experiment::CommonSettings {
  bool quiet = false;
  std::string config;
  std::string progress = "auto";
};

/// What `sweep` takes: the experiment, and where its result goes.
struct SweepOptions : experiment::SweepSettings {
  CommonOptions common;
  std::string batch_sizes;
  bool verify = false;
  std::string output = "lr.json";
  std::string csv, plot;
  bool json = false;  ///< the result on stdout, wherever else it goes
  bool print_lr = false;
  bool list_parameters = false;
};

/// What `exec` takes beside the range test and where its result goes.
struct ExecOptions {
  SweepOptions sweep;
  experiment::ExternalSettings external;
  experiment::ExternalRecipe recipe;  ///< what the program does not say itself
};

void declare_common_options(OptionSet& options, CommonOptions& settings);
void declare_plan_options(OptionSet& options, experiment::PlanSettings& settings);
/// Throws Error (usage) for two lengths.
void check_plan(const experiment::PlanSettings& settings);
/// Of what reads images; the group is the caller's.
void declare_decode_budget(OptionSet& options, std::int64_t& decode_mb);
void declare_session_options(OptionSet& options, experiment::SessionSettings& settings);
/// All of them, and DATA.
void declare_sweep_options(OptionSet& options, SweepOptions& settings);

/// All of them but the command after --.
void declare_exec_options(OptionSet& options, ExecOptions& settings);

/// Throws Error (usage) or Error (output) for what can be known to go wrong before any work is done.
void check_sweep_options(const OptionSet& options, SweepOptions& settings);
void check_exec_options(const OptionSet& options, ExecOptions& settings);

/// The sizes of `text`, rising; empty when no study was asked for. Throws Error (usage).
std::vector<std::int64_t> parse_batch_sizes(const std::string& text);

}  // namespace lrfind::command
