#include <lrfind/error.hpp>
#include "command/command.hpp"
#include "command/json_output.hpp"
#include "experiment/analyse.hpp"
#include "experiment/saved_curves.hpp"
#include "platform/write_file.hpp"
#include "report/search_range.hpp"
#include "report/summary.hpp"
#include "report/terminal_curve.hpp"
#include "report/text.hpp"
#include "schedule/suggested_rate.hpp"
#include "train/optimizer_facts.hpp"

#include <lrfind/suggest.hpp>

#include <iostream>

namespace lrfind::command {

namespace {

// The range for a tuner; nothing where the suggestion cannot be trusted, as with --print-lr.
int print_range(const std::string& tuner, const Suggestion& suggestion) {
  if (!suggestion.trusted) return untrusted;
  if (!suggestion.interval) {
    throw usage_error("--for " + tuner + " needs an interval, and the rule " + suggestion.rule +
                      " has none; leave out --rule");
  }
  std::cout << report::search_range(*report::parse_tuner(tuner), *suggestion.interval);
  return done;
}

}  // namespace

int suggest(const Invocation& invocation) {
  CommonOptions common;
  std::vector<std::string> paths;
  std::string rule;
  double smoothing = 0.98;
  std::string metric;
  std::string optimizer;
  experiment::AutoOr<double> momentum;
  std::int64_t steps = 0;
  JsonOutput output;
  bool print_lr = false;
  std::string tuner;
  CommandLine line(
      "suggest", "Analyses saved curves again, without training; several files are merged as trials.",
      "  lrfind suggest lr.json --rule steepest\n"
      "  lrfind suggest other-tool.csv --optimizer adam      # columns lr and loss, or JSON with both\n"
      "  lrfind suggest lr.json --for optuna\n"
      "  lrfind suggest history.json --smoothing 0 --rule torch-lr-finder      # its losses are smoothed\n",
      common);
  line.trains_nothing();
  line.file("lr.json", "a result, by its usual name");
  line.untrusted_means("no suggestion can be trusted; stderr says why and what to change");
  auto& options = line.options();
  options.add_argument("FILE", paths, {.paths = true, .endings = {".json", ".csv"}},
                       "result JSON of lrfind sweep, or CSV or JSON of another tool with lr and loss");
  options.group("Analysis");
  options.add("--rule", rule, one_of(rule_names()), "how the rate is read off the curve; default: the file's rule");
  options.add("--smoothing", smoothing, fraction_below_one(),
              "factor of the moving average of the loss; 0: the losses are smoothed already, and no rule smooths them");
  options.add("--metric", metric, one_of(experiment::metric_names()),
              "the curve that is analysed; default: the file's metric");
  options.add("--optimizer", optimizer, one_of(train::optimizer_names()),
              "what trained in another tool's curve; the rule lrfind leans on the rates it is used with");
  options.add("--momentum", momentum, auto_or(fraction_below_one()),
              "of that sgd, lars or rmsprop; auto: 0.9 for sgd and lars, 0 for rmsprop");
  options.add("--steps", steps, whole_number(0, 1 << 24),
              "that the sweep was planned for, of which fastai's rules pass over a tenth; 0: the file's, or as many as "
              "lead up to a rate of 10 where another tool's sweep was stopped");
  experiment::PlanSettings plan;
  declare_plan_options(options, plan);
  options.group("Output");
  declare_json_output(options, output, "the result with the new suggestion");
  options.add_flag("--print-lr", print_lr,
                   "print only the suggested rate; nothing and status 4 when it cannot be trusted");
  options.add(
      "--for", tuner, one_of(report::tuner_names()),
      "print only the range to search, from the interval: Python for optuna, YAML for a sweep of wandb; nothing "
      "and status 4 when the suggestion cannot be trusted");
  if (!line.parse(invocation)) return done;
  if (paths.empty()) throw usage_error("FILE is missing: a result of lrfind sweep, or CSV or JSON with lr and loss");
  if (!tuner.empty() && (print_lr || output.on_stdout())) {
    throw usage_error("--for and " + std::string(print_lr ? "--print-lr" : "-o -") + " both want stdout; give one");
  }
  check_json_output(output, print_lr ? "--print-lr" : "");

  check_plan(plan);

  report::Result result = experiment::read_curves(paths);
  const Suggestion saved = result.suggestion;
  experiment::state_steps(result, steps);
  experiment::state_optimizer(result, optimizer, momentum);
  experiment::analyse_again(result, {.rule = rule, .smoothing = smoothing, .metric = metric, .plan = plan});
  write_json(output, report::to_text(result));
  auto& console = invocation.console;
  if (!common.quiet) {
    if (paths.size() == 1 && result.sections.contains("verify") && saved.lr) {
      console.out() << "note: lr " << report::format_rate(*saved.lr) << " in " << report::printable(paths.front())
                    << " was found by training (verify); this is what the curve alone says\n";
    }
    const auto note = experiment::assumed(result, momentum.has_value());
    if (note && result.suggestion.rule == "lrfind") console.out() << "note: " << *note << "\n";
    console.out() << report::draw_curve(result, console.style()) << "\n" << report::summary(result, console.style());
  }
  if (!tuner.empty()) return print_range(tuner, result.suggestion);
  if (print_lr && result.suggestion.trusted) print_rate(*train::planned_rate(result.suggestion));
  return result.suggestion.trusted ? done : untrusted;
}

}  // namespace lrfind::command
