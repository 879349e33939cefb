#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "command/sweep_settings.hpp"
#include "data/batch/check.hpp"
#include "experiment/analyse.hpp"
#include "experiment/batch_sizes.hpp"
#include "experiment/layers.hpp"
#include "experiment/trials.hpp"
#include "platform/interrupted.hpp"
#include "platform/write_file.hpp"
#include "report/csv.hpp"
#include "report/picture.hpp"
#include "report/summary.hpp"
#include "report/terminal_curve.hpp"
#include "report/text.hpp"
#include "verify/after_sweep.hpp"

#include <filesystem>
#include <iostream>

namespace lrfind::command {

namespace {

void list_parameters(Session& session) {
  for (const auto& parameter : session.engine().parameters()) {
    std::cout << report::printable(parameter.name) << "\t";
    for (std::size_t i = 0; i < parameter.shape.size(); ++i) std::cout << (i == 0 ? "" : "x") << parameter.shape[i];
    std::cout << "\n";
  }
}

// Reads on where batches did not reach, so that every bad file of a folder of usual size is named. Returns how many
// images are still unchecked.
std::size_t check_other_files(Session& session) {
  return data::check_remaining(session.store(), {.stop = session.stop()}).not_checked;
}

void describe(const Trials& trials, report::Result& result) {
  for (const auto& run : trials.runs) result.trials.push_back(run.trial);
  result.complete = trials.complete;
  result.timing.sweep_s = trials.seconds;
  TrialTiming spent;
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

void write(const SweepSettings& settings, const report::Result& result) {
  const std::string text = report::to_text(result);
  if (settings.output == "-") {
    std::cout << text;
  } else if (!settings.output.empty()) {
    report::write_file(settings.output, text);
  }
  if (!settings.csv.empty()) report::write_file(settings.csv, report::to_csv(result));
  if (!settings.plot.empty() && !result.curve.lr.empty()) {
    report::write_picture({{result.dataset.path, result}}, settings.plot);
  }
}

void show(const SweepSettings& settings, const report::Result& result, People& people) {
  if (settings.common.quiet) return;
  const auto style = people.style();
  if (!result.curve.lr.empty()) people.out() << report::draw_curve(result, style) << "\n";
  people.out() << report::summary(result, style) << batch_size_text(result, style) << layer_text(result, style);
  if (!settings.output.empty() && settings.output != "-")
    people.out() << "\nresult: " << report::printable(settings.output) << "\n";
}

// What is written when a person ends the run before anything was measured; an earlier result stays.
int write_nothing_measured(const SweepSettings& settings, const OptionSet& options) {
  std::error_code unknown;
  if (settings.output != "-" && std::filesystem::exists(settings.output, unknown)) return ExitStatus::interrupted;
  report::Result result;
  result.complete = false;
  result.tool.version = LRFIND_VERSION;
  result.config = options.resolved();
  result.dataset.path = settings.session.data.path;
  result.model.name = settings.session.network.model;
  analyse(result, suggest_options(settings), settings.metric);
  write(settings, result);
  return ExitStatus::interrupted;
}

Demand demand(const SweepSettings& settings) {
  return {.batches = static_cast<std::uint64_t>(settings.steps),
          .again = settings.trials != "1" || !settings.batch_sizes.empty() || settings.verify,
          .probe = settings.probe != "0"};
}

int run(SweepSettings& settings, const OptionSet& options, People& people, Clock::time_point start,
        const std::stop_token& stop) {
  Session session(settings.session, settings.common, demand(settings), stop);
  if (settings.list_parameters) {
    list_parameters(session);
    return done;
  }
  warn_before_training(session, settings.common, people);
  check_verifiable(settings, session);
  report::Result result;
  session.describe(result);
  result.config = options.resolved();
  auto analysis = suggest_options(settings);
  analysis.images = image_facts(result);
  TrialRunner runner(session, settings, people);
  const auto sizes = batch_sizes(settings);
  const auto batch_size = settings.session.recipe.batch_size;
  const auto accumulate = static_cast<int>(settings.session.recipe.accumulate);
  if (sizes.empty()) runner.prepare(batch_size, accumulate);
  result.timing.startup_s = seconds_since(start) - session.index_s();
  std::exception_ptr failure;
  if (sizes.empty()) {
    const auto trials = runner.run(batch_size, accumulate, analysis);
    describe(trials, result);
    failure = trials.failure;
    analyse(result, analysis, settings.metric);
    if (settings.layerwise && !trials.runs.empty()) {
      result.sections["layers"] =
          layer_table(session.engine().trained(), trials.runs.front(), result.suggestion.lr.value_or(settings.min_lr));
    }
  } else {
    const auto study = study_batch_sizes(runner, settings, sizes, analysis);
    describe(study.chosen, result);
    result.complete = study.complete;
    failure = study.failure;
    settings.session.recipe.batch_size = study.chosen_size;
    analysis.images->images_per_step = static_cast<std::size_t>(study.chosen_size * settings.session.recipe.accumulate);
    analyse(result, analysis, settings.metric);
    result.sections["batch_sizes"] = study.table;
    result.sections["batch_exponent"] = study.exponent;
  }
  if (!failure) failure = verify_sweep(settings, session, result, people);
  std::size_t unchecked = 0;
  try {
    if (result.complete) unchecked = check_other_files(session);
  } catch (const Interrupted&) {
    result.complete = false;
  }
  session.describe(result);
  if (unchecked > 0) {
    result.dataset.notes.push_back(std::to_string(unchecked) +
                                   " images that no batch used were not checked; lrfind inspect checks all");
  }
  result.config = options.resolved();
  result.timing.total_s = seconds_since(start);
  write(settings, result);
  if (failure) std::rethrow_exception(failure);
  show(settings, result, people);
  if (!result.complete) return ExitStatus::interrupted;
  if (settings.print_lr && result.suggestion.trusted) std::cout << report::Json(*result.suggestion.lr).dump() << "\n";
  return result.suggestion.trusted ? done : untrusted;
}

}  // namespace

int sweep(const Invocation& invocation) {
  const auto start = Clock::now();
  SweepSettings settings;
  CommandLine line("sweep", "Trains a network while the learning rate grows, and suggests a rate from the loss.",
                   "  lrfind sweep photos                       # photos/CLASS/*.jpg; writes lr.json\n"
                   "  lrfind sweep photos --optimizer adamw --batch-size 128 --trials 3 --plot lr.png\n",
                   settings.common);
  declare(line, settings);
  if (!line.parse(invocation)) return done;
  check(line.options(), settings);
  const auto stop = listen_for_interrupt();
  try {
    return run(settings, line.options(), invocation.people, start, stop);
  } catch (const Interrupted&) {
    return write_nothing_measured(settings, line.options());
  }
}

}  // namespace lrfind::command
