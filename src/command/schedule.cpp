#include "schedule/schedule.hpp"
#include <lrfind/error.hpp>

#include "analysis/lrfind_rule.hpp"
#include "command/command.hpp"
#include "command/json_output.hpp"
#include "command/optimizer_code.hpp"
#include "experiment/plan.hpp"
#include "experiment/saved_curves.hpp"
#include "platform/did_you_mean.hpp"
#include "platform/write_file.hpp"
#include "report/picture.hpp"
#include "report/rate_plot.hpp"
#include "report/result.hpp"
#include "report/text.hpp"
#include "schedule/suggested_rate.hpp"
#include "schedule/training_code.hpp"
#include "train/optimizer_facts.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace lrfind::command {

namespace {

using report::Json;

struct ScheduleSettings {
  CommonOptions common;
  std::string name;
  std::string result;
  std::string optimizer;
  experiment::AutoOr<double> lr, min_lr;
  double epochs = 0;
  std::int64_t steps = 0;
  std::int64_t warmup = 0;
  std::string plot;
  std::string framework = "pytorch";
  bool csv = false;
  JsonOutput output;
};

constexpr double usual_lr = 0.1;     // without a result
constexpr double usual_epochs = 10;  // of a training, with a result
constexpr int usual_steps = 1000;

std::string list_of_names() {
  std::string names;
  for (const auto& name : train::schedule_names()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

void declare_schedule_options(CommandLine& line, ScheduleSettings& settings) {
  auto& options = line.options();
  line.trains_nothing();
  line.file("lr.json", "a result, by its usual name");
  options.add_argument("NAME", settings.name, {.words = train::schedule_names(), .listed = true}, "the schedule");
  options.group("Schedule");
  options.add("-r,--result", settings.result, file_name("a file name", {".json"}),
              "result of lrfind sweep: constant takes its lr, the triangular ones go from min_lr to max_lr, the others "
              "start at or rise to max_lr");
  options.not_in_config();
  options.add("--optimizer", settings.optimizer, one_of(train::optimizer_names()),
              "of the printed lines, where no result tells it");
  options.add(
      "--lr,--max-lr", settings.lr, auto_or(number_above(0)),
      "constant or highest rate; auto: the suggestion; without a result what --optimizer is usually given, else 0.1");
  options.add("--min-lr", settings.min_lr, auto_or(number(0, 1e9)),
              "lowest rate of the triangular and cosine ones and of reduce-on-plateau; auto: for the triangular ones "
              "the suggestion or a tenth of the highest, else 0");
  options.add(
      "--epochs,--plan-epochs", settings.epochs, number(0, 1e6),
      "length of the run in passes over the result's training images, which moves the suggestion; default with a "
      "result: that of its plan, else 10");
  options.add("-n,--steps,--plan-steps", settings.steps, whole_number(0, 10000000),
              "length of the run in training steps; default without a result: 1000");
  options.add(
      "--warmup", settings.warmup, whole_number(0, 10000000),
      "steps of a linear rise from a hundredth of the rate before the schedule; for one-cycle, of its rise; the "
      "triangular ones have none");
  options.group("Output");
  options.add("--for", settings.framework, one_of(train::framework_names()),
              "the framework that the printed lines are for");
  options.not_in_config();
  options.add("--plot", settings.plot,
              {"a file name",
               [](const std::string&) { return true; },
               {.paths = true, .endings = {".png", ".svg", ".pdf"}, .name = "FILE"}},
              "draw into FILE.png, .svg or .pdf instead of the terminal");
  options.optional_value();
  options.not_in_config();
  options.add_flag("--csv", settings.csv, "print the rate of every step as comma-separated values: step,lr");
  options.not_in_config();
  declare_json_output(options, settings.output, "everything");
}

// `--plot NAME` reads as a file name to the parser, but a person means to see the schedule NAME.
void untangle(ScheduleSettings& settings) {
  if (settings.name.empty() && train::parse_schedule(settings.plot)) std::swap(settings.name, settings.plot);
}

train::ScheduleKind check_before(const ScheduleSettings& settings) {
  if (settings.name.empty()) throw usage_error("NAME is missing: one of " + list_of_names());
  const auto kind = train::parse_schedule(settings.name);
  if (!kind)
    throw usage_error("there is no schedule \"" + settings.name + "\"; there are " + list_of_names() +
                      did_you_mean(settings.name, train::schedule_names()));
  if (settings.epochs > 0 && settings.steps > 0)
    throw usage_error("--epochs and --steps both set the length; give one");
  if (settings.epochs > 0 && settings.result.empty()) {
    throw usage_error("--epochs needs --result, which knows the number of images; or give --steps");
  }
  check_json_output(settings.output, settings.csv ? "--csv" : "");
  if (!settings.plot.empty()) {
    if (const auto problem = report::picture_problem(settings.plot)) throw usage_error(*problem);
    report::check_writable(settings.plot);
  }
  return *kind;
}

// Three digits, as a person would type them; a suggestion is not known to more.
double rounded(double rate) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.3g", rate);
  return std::strtod(buffer.data(), nullptr);
}

double config_number(const report::Result& result, const char* key, double otherwise) {
  const auto found = result.config.find(key);
  return found != result.config.end() && found->is_number() ? found->get<double>() : otherwise;
}

int length_of(const ScheduleSettings& settings, const report::Result& result) {
  if (settings.steps > 0) return static_cast<int>(settings.steps);
  const auto images = static_cast<double>(result.dataset.train_images);
  if (settings.result.empty() || images < 1) return usual_steps;
  if (const auto& plan = result.suggestion.plan; plan && !plan->plan.assumed && settings.epochs == 0) {
    return static_cast<int>(std::clamp(plan->plan.steps, 1.0, 1e7));
  }
  const double images_per_step = config_number(result, "batch-size", 64) * config_number(result, "accumulate", 1);
  const double epochs = settings.epochs > 0 ? settings.epochs : usual_epochs;
  return static_cast<int>(std::min(std::max(std::ceil(epochs * std::ceil(images / images_per_step)), 1.0), 1e7));
}

double usual_rate(const report::Result& result) {
  const auto optimizer = result.config.find("optimizer");
  if (optimizer == result.config.end()) return usual_lr;
  const auto usual = analysis::usual_rate(optimizer->get<std::string>(), config_number(result, "momentum", 0));
  if (!usual) throw usage_error("--lr is missing: " + optimizer->get<std::string>() + " has no usual rate");
  return rounded(std::pow(10, *usual));
}

// Without a result: that of a sweep with this optimizer.
void state_optimizer(const ScheduleSettings& settings, report::Result& result) {
  if (settings.optimizer.empty()) return;
  const bool known = result.config.contains("optimizer");
  experiment::state_optimizer(result, settings.optimizer, std::nullopt);
  const auto* facts = train::find_optimizer(settings.optimizer);
  if (!known && facts->weight_decay != 0) result.config["weight-decay"] = facts->weight_decay;
}

train::Schedule schedule_for(train::ScheduleKind kind, const ScheduleSettings& settings, const report::Result& result) {
  const int steps = length_of(settings, result);
  const bool told = settings.epochs > 0 || settings.steps > 0;
  const Suggestion suggestion = told ? experiment::for_length(result.suggestion, steps) : result.suggestion;
  const auto suggested = train::suggested_rate(suggestion, kind);
  if (!settings.result.empty() && !suggested && !settings.lr) {
    throw data_error("\"" + settings.result + "\" suggests no rate; repeat the sweep as it advises, or give --lr");
  }
  const double highest = settings.lr ? *settings.lr : suggested ? rounded(*suggested) : usual_rate(result);
  const bool low_fits = suggestion.min_lr && *suggestion.min_lr < highest;
  double lowest = low_fits ? rounded(*suggestion.min_lr) : highest / 10;
  if (settings.min_lr) lowest = *settings.min_lr;
  if (lowest > highest)
    throw usage_error("--min-lr must not be above the highest rate, " + report::format_rate(highest));
  if (settings.warmup >= steps) {
    throw usage_error("--warmup " + std::to_string(settings.warmup) + " leaves nothing of a run of " +
                      std::to_string(steps) + " steps; lower it or raise --epochs or --steps");
  }
  if (kind == train::ScheduleKind::one_cycle && settings.warmup == 1) {
    throw usage_error("--warmup 1 is no rise of one-cycle, whose first step has its lowest rate; give 2 or more, or 0");
  }
  auto schedule = train::usual_schedule(kind, highest, lowest, steps, static_cast<int>(settings.warmup));
  if (settings.min_lr) schedule.min_lr = lowest;
  return schedule;
}

report::RatePlot plot_of(const train::Schedule& schedule, const std::vector<double>& rates) {
  report::RatePlot plot;
  plot.title = std::string(train::to_string(schedule.kind));
  if (schedule.kind == train::ScheduleKind::reduce_on_plateau) plot.title += ", were the loss never to improve";
  plot.lr = rates;
  const bool constant = train::use_of(schedule.kind) == train::ScheduleUse::constant;
  plot.marks = {{constant ? "lr" : "max_lr", schedule.max_lr}};
  if (train::use_of(schedule.kind) == train::ScheduleUse::cyclical) plot.marks.emplace_back("min_lr", schedule.min_lr);
  return plot;
}

void print_csv(const std::vector<double>& rates) {
  std::cout << "step,lr\n";
  for (std::size_t i = 0; i < rates.size(); ++i) std::cout << i << "," << Json(rates[i]).dump() << "\n";
}

Json schedule_json(const train::Schedule& schedule, const std::string& framework, const std::string& code,
                   const std::vector<double>& rates) {
  return {{"name", std::string(train::to_string(schedule.kind))},
          {"max_lr", schedule.max_lr},
          {"min_lr", schedule.min_lr},
          {"steps", schedule.steps},
          {"warmup", schedule.warmup},
          {framework, code},
          {"lr", rates}};
}

}  // namespace

int schedule(const Invocation& invocation) {
  ScheduleSettings settings;
  CommandLine line(
      "schedule",
      "Draws a learning-rate schedule with a suggestion's bounds filled in, and prints on stdout what to type "
      "into a training script for PyTorch, Lightning, Keras, transformers or timm.\n\n"
      "step: a tenth after every third of the run. exponential: down to a hundredth. cosine: down to 0. "
      "cosine-warm-restarts: three cycles, each twice as long as the last. one-cycle: up over 30 % of the "
      "run from 1/25, then down to almost 0. triangular: three cycles; triangular2: their height halved "
      "each time. linear-warmup-cosine: up over 5 % of the run, then cosine. reduce-on-plateau: a tenth "
      "when the second of twenty checks in a row brings no better validation loss.",
      "  lrfind schedule one-cycle --result lr.json --epochs 30\n"
      "  lrfind schedule cosine --max-lr 0.1 --steps 5000 --warmup 250 --plot cosine.png\n"
      "  lrfind schedule linear-warmup-cosine --optimizer lion --steps 5000\n"
      "  lrfind schedule one-cycle --result lr.json --for lightning\n"
      "  lrfind schedule triangular --result lr.json --csv > rates.csv\n",
      settings.common);
  declare_schedule_options(line, settings);
  if (!line.parse(invocation)) return done;
  untangle(settings);
  const auto kind = check_before(settings);
  report::Result result;
  if (!settings.result.empty()) result = report::read_result(settings.result);
  state_optimizer(settings, result);

  const auto chosen = schedule_for(kind, settings, result);
  const auto rates = train::rates_of(chosen);
  const auto framework = *train::parse_framework(settings.framework);
  const auto code = train::training_code(framework, chosen, optimizer_code(framework, result), batch_code(result));
  const auto plot = plot_of(chosen, rates);
  auto& console = invocation.console;
  if (!settings.plot.empty()) {
    report::write_rates_picture(plot, settings.plot);
    if (!settings.common.quiet) console.out() << "picture: " << report::printable(settings.plot) << "\n";
  } else if (!settings.common.quiet) {
    console.out() << report::draw_rates(plot, console.style()) << "\n";
  }
  write_json(settings.output, report::to_text(schedule_json(chosen, settings.framework, code, rates)));
  if (settings.csv) {
    print_csv(rates);
  } else if (!settings.output.on_stdout()) {
    std::cout << code;
  }
  return done;
}

}  // namespace lrfind::command
