#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "command/result_output.hpp"
#include "data/batch/check.hpp"
#include "experiment/analyse.hpp"
#include "experiment/batch_sizes.hpp"
#include "experiment/first_rate.hpp"
#include "experiment/layers.hpp"
#include "experiment/trials.hpp"
#include "platform/current_error.hpp"
#include "platform/interrupted.hpp"
#include "report/text.hpp"
#include "verify/after_sweep.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace lrfind::command {

namespace {

void list_parameters(experiment::Session& session) {
  for (const auto& parameter : session.engine().parameters()) {
    std::cout << report::printable(parameter.name) << "\t";
    for (std::size_t i = 0; i < parameter.shape.size(); ++i) std::cout << (i == 0 ? "" : "x") << parameter.shape[i];
    std::cout << "\n";
  }
}

// Reads on where batches did not reach, so that every bad file of a folder of usual size is named. Returns how many
// images are still unchecked.
std::size_t check_other_files(experiment::Session& session) {
  return data::check_remaining(session.store(), {.stop = session.stop()}).not_checked;
}

void describe_trials(const experiment::Trials& trials, report::Result& result) {
  for (const auto& run : trials.runs) result.trials.push_back(run.trial);
  result.complete = trials.complete;
  result.timing.sweep_s = trials.seconds;
  experiment::TrialTiming spent;
  double images = 0;
  for (const auto& run : trials.runs) {
    images += static_cast<double>(run.images);
    spent.data_wait_s += run.timing.data_wait_s;
    spent.steps_s += run.timing.steps_s;
    spent.validation_s += run.timing.validation_s;
    spent.steps.forward_backward_s += run.timing.steps.forward_backward_s + run.timing.steps.wait_s;
    spent.steps.optimizer_s += run.timing.steps.optimizer_s;
    spent.steps.gain_s += run.timing.steps.gain_s;
    spent.steps.probe_s += run.timing.steps.probe_s;
  }
  result.timing.images_per_s = images / trials.seconds;
  const double known = spent.data_wait_s + spent.steps_s + spent.validation_s;
  result.timing.more = {{"data_wait_s", spent.data_wait_s},
                        {"train_s", spent.steps_s - spent.steps.probe_s},
                        {"forward_backward_s", spent.steps.forward_backward_s},
                        {"optimizer_s", spent.steps.optimizer_s},
                        {"gain_s", spent.steps.gain_s},
                        {"probe_s", spent.steps.probe_s},
                        {"validation_s", spent.validation_s},
                        {"bookkeeping_s", trials.seconds - known}};
}

void show(const SweepOptions& settings, const report::Result& result, bool unwritten, Console& console) {
  if (settings.common.quiet) return;
  const auto style = console.style();
  show_curve(result, console);
  console.out() << experiment::batch_size_text(result, style) << experiment::layer_text(result, style);
  if (!unwritten) show_place(settings, console);
}

void show_verification(const SweepOptions& settings, const report::Verification& verification, Console& console) {
  if (settings.common.quiet) return;
  console.out() << report::verification_table(verification) << "\n"
                << report::verification_summary(verification, console.style().columns) << "\n";
}

// What is written when a person ends the run before anything was measured; an earlier result stays.
int write_nothing_measured(SweepOptions& settings, const OptionSet& options, Console& console) {
  std::error_code unknown;
  if (settings.output != "-" && std::filesystem::exists(settings.output, unknown)) {
    if (!settings.common.quiet) {
      console.out() << "lrfind sweep: nothing was measured; " << report::printable(settings.output)
                    << " stays as it was\n";
    }
    return ExitStatus::interrupted;
  }
  report::Result result;
  settings.csv.clear();  // an earlier curve stays, too
  result.complete = false;
  result.tool.version = LRFIND_VERSION;
  settings.session.recipe = experiment::resolved(settings.session.recipe);
  result.config = options.resolved();
  result.dataset.path = settings.session.data.path;
  result.model.name = settings.session.network.model;
  experiment::analyse(result, experiment::suggest_options(settings), settings.metric);
  if (const auto unwritten = write_result(settings, result); unwritten.error) throw Error(*unwritten.error);
  return ExitStatus::interrupted;
}

// The run was ended before its first step, or in it.
bool nothing_measured(const report::Result& result) {
  const auto no_step = [](const Trial& trial) { return trial.lr.empty(); };
  return !result.complete && std::all_of(result.trials.begin(), result.trials.end(), no_step) &&
         (!result.sections.contains("batch_sizes") || result.sections["batch_sizes"].empty());
}

experiment::ExpectedUse expected_use(const SweepOptions& settings) {
  return {.batches = static_cast<std::uint64_t>(settings.steps.value_or(100)),
          .again = settings.trials != 1 || !settings.min_lr || !settings.batch_sizes.empty() || settings.verify,
          .probe = settings.probe != 0};
}

int run(SweepOptions& settings, const OptionSet& options, Console& console, experiment::Clock::time_point start,
        const std::stop_token& stop, experiment::Team& team) {
  require_machine(settings.common);
  settings.common.network_says = network_listener(settings.common, console);
  experiment::Session session(settings.session, settings.common, expected_use(settings), stop, team);
  settings.session = session.resolved();
  if (settings.list_parameters) {
    list_parameters(session);
    return done;
  }
  warn_before_training(session, settings.common, console);
  if (settings.verify) verify::require_validation_images(session);
  report::Result result;
  session.describe_session(result);
  const auto progress = progress_target(settings.common, console);
  experiment::TrialRunner runner(session, settings, progress);
  const auto sizes = parse_batch_sizes(settings.batch_sizes);
  const auto batch_size = settings.session.recipe.batch_size;
  const auto accumulate = static_cast<int>(settings.session.recipe.accumulate);
  if (sizes.empty()) runner.prepare(batch_size, accumulate);
  static_cast<experiment::SweepSettings&>(settings) = experiment::with_first_rate(settings, session);
  result.config = options.resolved();
  auto analysis = experiment::suggest_options(settings);
  analysis.images = experiment::image_facts(result);
  analysis.plan = experiment::plan_of(settings.plan, *analysis.images);
  result.timing.startup_s = experiment::seconds_since(start) - session.index_s();
  std::optional<Error> failure;
  if (sizes.empty()) {
    const auto trials = runner.run(batch_size, accumulate, analysis);
    describe_trials(trials, result);
    failure = trials.failure;
    experiment::analyse(result, analysis, settings.metric);
    if (settings.layerwise && !trials.runs.empty()) {
      result.sections["layers"] = experiment::layer_table(session.engine().trained(), trials.runs.front(),
                                                          result.suggestion.lr.value_or(*settings.min_lr));
    }
  } else {
    const auto study = experiment::study_batch_sizes(runner, settings, sizes, analysis);
    describe_trials(study.chosen, result);
    result.complete = study.complete;
    failure = study.failure;
    settings.session.recipe.batch_size = study.chosen_size;
    analysis.images->images_per_step = static_cast<std::size_t>(session.images_per_step(study.chosen_size));
    analysis.plan = experiment::plan_of(settings.plan, *analysis.images);
    experiment::analyse(result, analysis, settings.metric);
    result.sections["batch_sizes"] = study.table;
    result.sections["batch_exponent"] = study.exponent;
  }
  if (!failure && nothing_measured(result)) throw Interrupted();
  std::size_t unchecked = 0;
  try {
    if (settings.verify && !failure) {
      const auto verification =
          verify::verify_sweep(settings, settings.session.recipe.batch_size, session, result, progress);
      if (verification) failure = verification->failure;
      if (verification && verification->complete) show_verification(settings, *verification, console);
    }
    if (result.complete && team.rank() == 0) unchecked = check_other_files(session);
  } catch (const Interrupted&) {
    result.complete = false;
  } catch (...) {
    const Error error = current_error();
    if (!failure) failure = error;  // the curve is measured, and is written before this is said
  }
  if (!failure) session.gather_unreadable();
  session.describe_session(result);
  if (unchecked > 0) {
    result.dataset.notes.push_back(std::to_string(unchecked) +
                                   " images that no batch used were not checked; lrfind inspect checks all");
  }
  result.config = options.resolved();
  result.timing.total_s = experiment::seconds_since(start);
  console.silence(!team.speaks());
  if (!team.speaks()) {
    if (failure) throw Error(*failure);
    if (!result.complete) return ExitStatus::interrupted;
    return result.suggestion.trusted ? done : untrusted;
  }
  const auto unwritten = write_result(settings, result);
  if (failure) {
    if (unwritten.error) console.out() << "lrfind sweep: " << report::printable(unwritten.error->what()) << "\n";
    throw Error(*failure);
  }
  show(settings, result, unwritten.result, console);
  if (unwritten.error) throw Error(*unwritten.error);
  if (!result.complete) return ExitStatus::interrupted;
  return answer(settings, result);
}

}  // namespace

int sweep(const Invocation& invocation) {
  const auto start = experiment::Clock::now();
  SweepOptions settings;
  CommandLine line("sweep", "Trains a network while the learning rate grows, and suggests a rate from the loss.",
                   "  lrfind sweep photos                       # photos/CLASS/*.jpg; writes lr.json\n"
                   "  lrfind sweep photos --optimizer adamw --batch-size 128 --trials 3 --plot lr.png\n",
                   settings.common);
  declare_sweep_options(line.options(), settings);
  line.untrusted_means(untrusted_sweep);
  line.file("lr.json", "the result, where -o names no other file");
  line.variable("RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT",
                "which of several processes this is, as torchrun, srun or mpirun say it");
  auto& console = invocation.console;
  let_one_rank_speak(console);
  if (!line.parse(invocation)) return done;
  experiment::Team team(settings.session.team);
  let_one_rank_speak(console, team);
  check_sweep_options(line.options(), settings);
  expect_same_options(team, line.options(), settings.session);
  const auto stop = listen_for_interrupt();
  try {
    return in_team(team, console, [&] { return run(settings, line.options(), console, start, stop, team); });
  } catch (const Interrupted&) {
    return team.speaks() ? write_nothing_measured(settings, line.options(), console) : ExitStatus::interrupted;
  }
}

}  // namespace lrfind::command
