#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "command/metric.hpp"
#include "command/sweep_trials.hpp"
#include "data/check.hpp"
#include "report/csv.hpp"
#include "report/picture.hpp"
#include "report/progress.hpp"
#include "report/summary.hpp"
#include "report/terminal_curve.hpp"
#include "report/write_file.hpp"

#include <cmath>
#include <iostream>

namespace lrfind::command {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct SweepSettings {
  CommonSettings common;
  SessionSettings session;
  double min_lr = 1e-7, max_lr = 10;
  std::int64_t steps = 100;
  std::string spacing = "exp";
  std::int64_t trials = 1;
  double stop_factor = 4;
  std::string rule = "valley";
  double smoothing = 0.98;
  std::int64_t probe = 0;
  bool gain_ratio = false;
  std::string metric = "train-loss";
  std::int64_t eval_every = 5;
  std::string output = "lr.json";
  std::string csv, plot;
  bool print_lr = false;
  bool list_parameters = false;
};

void declare_sweep(CommandLine& line, SweepSettings& settings) {
  auto& options = line.options();
  line.app().add_option("DATA", settings.session.data.path,
                        "folder of class folders, folder with train/ and val/, folder of IDX files, or CSV manifest");
  options.group("Range test");
  options.add("--min-lr", settings.min_lr, number_above(0), "first learning rate");
  options.add("--max-lr", settings.max_lr, number_above(0), "last learning rate");
  options.add("-n,--steps", settings.steps, whole_number(2, 1000000), "learning rates tried, one training step each");
  options.add("--spacing", settings.spacing, one_of({"exp", "linear"}), "geometric or even steps between the rates");
  options.add("-t,--trials", settings.trials, whole_number(1, 1000), "sweeps with different seeds, which are combined");
  options.add("--stop-factor", settings.stop_factor, number(0, 1e9),
              "stop early when the smoothed loss exceeds this times its best and its start; 0: never");
  options.add("--rule", settings.rule, one_of(rule_names()), "how the rate is read off the curve");
  options.add("--smoothing", settings.smoothing, fraction_below_one(), "factor of the moving average of the loss");
  options.add("--metric", settings.metric, one_of(metric_names()), "the curve that is analysed");
  options.add("--eval-every", settings.eval_every, whole_number(1, 1000000),
              "steps between validations (val-* metrics)");
  options.add("--probe", settings.probe, whole_number(0, 1 << 20), "held-out images of the probe loss; 0: none");
  options.add_flag("--gain-ratio", settings.gain_ratio, "measure the gain ratio at every step");
  declare(options, settings.session);
  options.group("Output");
  options.add("-o,--output", settings.output, any_text("a file name or -"),
              "result JSON; - is stdout. With --print-lr none is written unless this is given");
  options.not_in_config();
  options.add("--csv", settings.csv, any_text("a file name"), "write the curve as comma-separated values");
  options.not_in_config();
  options.add("--plot", settings.plot, any_text("a file name"), "draw the curve into FILE.png, .svg or .pdf");
  options.not_in_config();
  options.add_flag("--print-lr", settings.print_lr,
                   "print only the suggested rate on stdout; nothing and status 4 when it cannot be trusted");
  options.not_in_config();
  options.add_flag("--list-parameters", settings.list_parameters,
                   "print the network's parameter names for --freeze and --lr-mult, and exit");
  options.not_in_config();
}

// What can be known to go wrong at the end is checked at the beginning.
void check_before(const OptionSet& options, SweepSettings& settings) {
  if (settings.session.data.path.empty()) {
    throw UsageError("DATA is missing: the folder or CSV file with the images; see lrfind sweep --help");
  }
  if (!(settings.max_lr > settings.min_lr)) throw UsageError("--max-lr must be above --min-lr");
  if (settings.stop_factor != 0 && settings.stop_factor < 1) {
    throw UsageError("--stop-factor takes 0 (never stop early) or a number of at least 1");
  }
  if (settings.print_lr && !options.given("output")) settings.output.clear();
  if (settings.print_lr && settings.output == "-") {
    throw UsageError("--print-lr and -o - both want stdout; give -o a file name");
  }
  if (settings.metric == "probe-loss" && settings.probe == 0) settings.probe = 256;
  for (const auto& path : {settings.output == "-" ? std::string() : settings.output, settings.csv, settings.plot}) {
    if (!path.empty()) report::check_writable(path);
  }
  if (!settings.plot.empty()) {
    if (const auto problem = report::picture_problem(settings.plot)) throw UsageError(*problem);
  }
}

RangeTestOptions range_options(const SweepSettings& settings, int trial) {
  return {.min_lr = settings.min_lr,
          .max_lr = settings.max_lr,
          .steps = static_cast<int>(settings.steps),
          .spacing = settings.spacing == "linear" ? Spacing::linear : Spacing::exponential,
          .stop_factor = settings.stop_factor,
          .seed = trial_seed(static_cast<std::uint64_t>(settings.common.seed), trial)};
}

SuggestOptions suggest_options(const SweepSettings& settings) {
  SuggestOptions options;
  options.rule = settings.rule;
  options.smoothing = settings.smoothing;
  options.steps = static_cast<std::size_t>(settings.steps);
  return options;
}

void list_parameters(Session& session) {
  for (const auto& parameter : session.engine().parameters()) {
    std::cout << parameter.name << "\t";
    for (std::size_t i = 0; i < parameter.shape.size(); ++i) std::cout << (i == 0 ? "" : "x") << parameter.shape[i];
    std::cout << "\n";
  }
}

// Reads on where batches did not reach, so that every bad file of a folder of usual size is named.
void check_other_files(Session& session, report::Result& result) {
  const auto check = data::check_remaining(session.store(), {.should_stop = interrupt_requested});
  if (check.not_checked > 0) {
    result.dataset.notes.push_back(std::to_string(check.not_checked) +
                                   " images that no batch used were not checked; lrfind inspect checks all");
  }
}

class Sweep {
 public:
  Sweep(SweepSettings& settings, const Invocation& invocation, Clock::time_point start)
      : settings_(settings), people_(invocation.people), start_(start) {}

  int run(OptionSet& options) {
    Session session(settings_.session, settings_.common);
    if (settings_.list_parameters) {
      list_parameters(session);
      return done;
    }
    measure(session);
    try {
      if (result_.complete) check_other_files(session, result_);
    } catch (const data::Interrupted&) {
      result_.complete = false;
    }
    session.describe(result_);
    analyse(result_, suggest_options(settings_), settings_.metric);
    result_.config = options.resolved();
    result_.timing.total_s = seconds_since(start_);
    write();
    if (failure_) std::rethrow_exception(failure_);
    show();
    if (!result_.complete) return ExitStatus::interrupted;
    if (settings_.print_lr && result_.suggestion.trusted) {
      std::cout << report::Json(*result_.suggestion.lr).dump() << "\n";
    }
    return result_.suggestion.trusted ? done : untrusted;
  }

 private:
  void measure(Session& session) {
    Measuring measuring;
    measuring.gain_ratio = settings_.gain_ratio;
    data::Batch probe;
    if (settings_.probe > 0) {
      probe = session.probe_batch(static_cast<std::size_t>(settings_.probe));
      measuring.probe = &probe;
    }
    std::vector<data::Batch> validation;
    if (settings_.metric.rfind("val-", 0) == 0) {
      validation = session.validation_batches();
      if (validation.empty()) {
        throw UsageError("--metric " + settings_.metric + " needs validation images; raise --val-split above 0");
      }
      measuring.validation = &validation;
      measuring.validate_every = static_cast<int>(settings_.eval_every);
    }

    const auto display =
        report::progress_display(settings_.common.quiet                  ? report::ProgressMode::never
                                 : settings_.common.progress == "always" ? report::ProgressMode::always
                                 : settings_.common.progress == "never"  ? report::ProgressMode::never
                                                                         : report::ProgressMode::automatic,
                                 report::can_rewrite_line(people_.descriptor()));
    report::Progress progress(
        people_.out(), display, [this] { return people_.style().columns; }, people_.style().unicode);
    const auto sweep_start = Clock::now();
    result_.timing.startup_s = seconds_since(start_) - session.index_s();
    std::int64_t images = 0;
    TrialTiming spent;
    for (int trial = 0; trial < settings_.trials && !interrupt_requested(); ++trial) {
      Trial partial;
      std::vector<double> losses;
      const auto on_step = [&](int step, double lr, const Measurement& measured) {
        losses.push_back(measured.loss);
        const std::int64_t done_images =
            images + (step + 1) * settings_.session.recipe.batch_size * settings_.session.recipe.accumulate;
        progress.update({.step = step + 1,
                         .steps = static_cast<int>(settings_.steps),
                         .trial = trial + 1,
                         .trials = static_cast<int>(settings_.trials),
                         .lr = lr,
                         .smoothed_loss = smooth(losses, settings_.smoothing).back(),
                         .images_per_s = static_cast<double>(done_images) / seconds_since(sweep_start)});
      };
      try {
        auto run = run_trial(session, range_options(settings_, trial), settings_.session.recipe.batch_size,
                             static_cast<int>(settings_.session.recipe.accumulate), measuring, on_step, &partial);
        images += run.images;
        spent.data_wait_s += run.timing.data_wait_s;
        spent.train_s += run.timing.train_s;
        spent.probe_s += run.timing.probe_s;
        spent.validation_s += run.timing.validation_s;
        result_.trials.push_back(std::move(run.trial));
      } catch (const std::exception&) {
        // What was measured is written before the error is reported.
        if (partial.lr.empty()) throw;
        failure_ = std::current_exception();
        result_.trials.push_back(std::move(partial));
        break;
      }
      if (result_.trials.back().stopped == Stopped::interrupted) break;
    }
    progress.finish();
    result_.complete =
        !failure_ && !interrupt_requested() && result_.trials.size() == static_cast<std::size_t>(settings_.trials);
    result_.timing.sweep_s = seconds_since(sweep_start);
    result_.timing.images_per_s = static_cast<double>(images) / result_.timing.sweep_s;
    result_.timing.more = {{"data_wait_s", spent.data_wait_s},
                           {"train_s", spent.train_s},
                           {"probe_s", spent.probe_s},
                           {"validation_s", spent.validation_s}};
  }

  void write() const {
    const std::string text = report::to_text(result_);
    if (settings_.output == "-") {
      std::cout << text;
    } else if (!settings_.output.empty()) {
      report::write_file(settings_.output, text);
    }
    if (!settings_.csv.empty()) report::write_file(settings_.csv, report::to_csv(result_));
    if (!settings_.plot.empty() && !result_.curve.lr.empty()) {
      report::write_picture({{result_.dataset.path, result_}}, settings_.plot);
    }
  }

  void show() {
    if (settings_.common.quiet) return;
    const auto style = people_.style();
    if (!result_.curve.lr.empty()) people_.out() << report::draw_curve(result_, style) << "\n";
    people_.out() << report::summary(result_, style);
    if (!settings_.output.empty() && settings_.output != "-") people_.out() << "\nresult: " << settings_.output << "\n";
  }

  SweepSettings& settings_;
  People& people_;
  Clock::time_point start_;
  report::Result result_;
  std::exception_ptr failure_;
};

}  // namespace

int sweep(const Invocation& invocation) {
  const auto start = Clock::now();
  SweepSettings settings;
  CommandLine line("sweep", "Trains a network while the learning rate grows, and suggests a rate from the loss.",
                   "  lrfind sweep photos                       # photos/CLASS/*.jpg; writes lr.json\n"
                   "  lrfind sweep photos --optimizer adamw --batch-size 128 --trials 3 --plot lr.png\n",
                   settings.common);
  declare_sweep(line, settings);
  if (!line.parse(invocation)) return done;
  check_before(line.options(), settings);
  listen_for_interrupt();
  return Sweep(settings, invocation, start).run(line.options());
}

}  // namespace lrfind::command
