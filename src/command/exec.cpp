#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "command/result_output.hpp"
#include "experiment/analyse.hpp"
#include "experiment/external_trials.hpp"
#include "platform/excerpt.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace lrfind::command {

namespace {

// What people see of the program: its lines, above the progress line.
class Stage {
 public:
  Stage(const CommonOptions& common, Console& console) : common_(common), console_(console) {}

  report::Progress& begin() { return progress_.emplace(progress_target(common_, console_)); }
  void end() { progress_.reset(); }

  void show(std::string_view line) {
    if (common_.quiet) return;
    const std::string text = report::printable(line);
    if (progress_) {
      progress_->note(text);
    } else {
      console_.out() << text << "\n";
    }
  }

 private:
  const CommonOptions& common_;
  Console& console_;
  std::optional<report::Progress> progress_;
};

// What a person ends before anything was measured; an earlier result stays.
int write_nothing_measured(const ExecOptions& settings, const OptionSet& options) {
  std::error_code unknown;
  const auto& output = settings.sweep.output;
  if (output != "-" && std::filesystem::exists(output, unknown)) return ExitStatus::interrupted;
  report::Result result;
  result.complete = false;
  result.config = options.resolved();
  experiment::describe_program(settings.external.command, {}, settings.recipe, result);
  experiment::analyse(result, experiment::suggest_options(settings.sweep, settings.recipe), settings.sweep.metric);
  if (const auto unwritten = write_result(settings.sweep, result); unwritten.error) throw Error(*unwritten.error);
  return ExitStatus::interrupted;
}

void describe_trials(const experiment::Trials& trials, double waited_s, report::Result& result) {
  for (const auto& run : trials.runs) result.trials.push_back(run.trial);
  result.complete = trials.complete;
  result.timing.sweep_s = trials.seconds;
  result.timing.more = {{"program_s", waited_s}, {"bookkeeping_s", trials.seconds - waited_s}};
}

int run(const ExecOptions& settings, const OptionSet& options, Console& console, const std::stop_token& stop) {
  const auto begin = experiment::Clock::now();
  const auto& sweep = settings.sweep;
  auto external = settings.external;
  external.threads = sweep.common.threads;
  Stage stage(sweep.common, console);
  experiment::ExternalTrials runner(external, sweep, static_cast<std::uint64_t>(sweep.common.seed), stop,
                                    [&](std::string_view line) { stage.show(line); });
  const auto recipe = experiment::joined(settings.recipe, runner.hello());
  report::Result result;
  result.config = options.resolved();
  experiment::describe_program(external.command, runner.hello(), recipe, result);
  result.timing.startup_s = experiment::seconds_since(begin);
  auto analysis = experiment::suggest_options(sweep, recipe);
  analysis.images = experiment::image_facts(result);
  analysis.plan = experiment::plan_of(sweep.plan, *analysis.images);

  const auto trials = runner.run(analysis, stage.begin());
  stage.end();
  if (trials.runs.empty() || trials.runs.front().trial.lr.empty()) throw StepInterrupted();
  describe_trials(trials, runner.waited_s(), result);
  experiment::analyse(result, analysis, sweep.metric);
  result.sections["program"]["processes"] = runner.processes();
  result.timing.total_s = experiment::seconds_since(begin);
  const auto unwritten = write_result(sweep, result);
  if (trials.failure) {
    if (unwritten.error) console.out() << "lrfind exec: " << report::printable(unwritten.error->what()) << "\n";
    throw Error(*trials.failure);
  }
  if (!sweep.common.quiet) {
    show_curve(result, console);
    if (!unwritten.result) show_place(sweep, console);
  }
  if (unwritten.error) throw Error(*unwritten.error);
  return result.complete ? answer(sweep, result) : ExitStatus::interrupted;
}

}  // namespace

int exec(const Invocation& invocation) {
  ExecOptions settings;
  std::vector<std::string> misplaced;
  CommandLine line(
      "exec",
      "The range test on a training program of yours, in any language and framework: lrfind exec [OPTIONS] "
      "-- COMMAND...\nlrfind starts the program, gives it a learning rate for each step and gets the loss "
      "back; the program does the rest.\nIn Python, lrfind_client.py does the talking; others connect to "
      "LRFIND_SOCKET.",
      "  lrfind exec -- python3 train.py           # writes lr.json\n"
      "  lrfind exec --trials 3 -- torchrun --nproc-per-node 2 train.py --epochs 5\n",
      settings.sweep.common);
  line.options().add_argument("COMMAND", misplaced, {.words = {"--"}},
                              "the training program and its arguments, after --");
  declare_exec_options(line.options(), settings);
  line.synopsis("[OPTIONS] -- COMMAND...");
  line.runs_a_command();
  line.untrusted_means(untrusted_sweep);
  line.file("lr.json", "the result, where -o names no other file");
  line.variable("LRFIND_SOCKET", "set for the program: the Unix domain socket on which lrfind talks to it");
  // What follows -- is the program's, whatever it looks like.
  const auto& words = invocation.arguments;
  const auto end = std::find(words.begin(), words.end(), "--");
  Invocation own = invocation;
  own.arguments.assign(words.begin(), end);
  if (!line.parse(own)) return done;
  if (!misplaced.empty()) {
    throw usage_error("\"" + excerpt(misplaced.front()) +
                      "\" stands before --, after which the command goes, as in lrfind exec -- "
                      "python3 train.py");
  }
  if (end != words.end()) settings.external.command.assign(end + 1, words.end());
  check_exec_options(line.options(), settings);
  const auto stop = listen_for_interrupt();
  try {
    return run(settings, line.options(), invocation.console, stop);
  } catch (const StepInterrupted&) {
    return write_nothing_measured(settings, line.options());
  }
}

}  // namespace lrfind::command
