// The trials of a range test on a training program of somebody else.
#pragma once

#include "experiment/external_program.hpp"
#include "experiment/trials.hpp"

#include <memory>

namespace lrfind::experiment {

/// Runs trials on a program: in one process where it can start over, else in a fresh one for each.
class ExternalTrials {
 public:
  /// Starts the program. Throws as ExternalProgram.
  ExternalTrials(const ExternalSettings& external, const SweepSettings& settings, std::uint64_t seed,
                 std::stop_token stop, const OnLine& on_line);

  const Hello& hello() const { return hello_; }
  /// Processes started so far.
  int processes() const { return processes_; }
  /// Seconds of the steps in which the program was waited for.
  double waited_s() const { return waited_s_; }

  /// Runs them all and ends the program. Throws as run_trials.
  Trials run(const SuggestOptions& analysis, report::Progress& progress);

 private:
  void start(std::uint64_t seed);
  TrialRun run_trial(int number, const OnStep& on_step);

  ExternalSettings external_;
  const SweepSettings& settings_;
  std::uint64_t seed_;
  std::stop_token stop_;
  OnLine on_line_;
  Clock::time_point start_ = Clock::now();
  std::unique_ptr<ExternalProgram> program_;
  Hello hello_;
  int processes_ = 0;
  double waited_s_ = 0;
};

/// What the analysis can use of the program's recipe.
struct ExternalRecipe {
  std::string optimizer;           ///< empty: not known
  std::optional<double> momentum;  ///< none: not known
  std::int64_t batch_size = 0;     ///< 0: not known
};

/// What a person says of the recipe and what the program says. Throws Error (usage) where they contradict.
ExternalRecipe joined(const ExternalRecipe& person, const Hello& program);

/// As suggest_options, for such a recipe: an optimizer whose usual rate nobody knows is taken for an unknown one.
SuggestOptions suggest_options(const SweepSettings& settings, const ExternalRecipe& recipe);

/// The parts of a result that describe a program. Notes what is assumed of its optimizer.
void describe_program(const std::vector<std::string>& command, const Hello& hello, const ExternalRecipe& recipe,
                      report::Result& result);

}  // namespace lrfind::experiment
