#include "command/sweep_settings.hpp"
#include <lrfind/error.hpp>

#include "experiment/analyse.hpp"
#include "platform/write_file.hpp"
#include "report/picture.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace lrfind::command {

void declare(CommandLine& line, SweepSettings& settings) {
  auto& options = line.options();
  line.app().add_option("DATA", settings.session.data.path,
                        "folder of class folders, folder with train/ and val/, folder of IDX files, or CSV manifest");
  options.group("Range test");
  options.add("--min-lr", settings.min_lr, number_above(0), "first learning rate");
  options.add("--max-lr", settings.max_lr, number_above(0), "last learning rate");
  options.add("-n,--steps", settings.steps, whole_number(2, 1000000), "learning rates tried, one training step each");
  options.add("--spacing", settings.spacing, one_of({"exp", "linear"}), "geometric or even steps between the rates");
  options.add("-t,--trials", settings.trials, word_or({"auto"}, whole_number(1, 1000)),
              "sweeps with different seeds, combined; auto: until the interval is narrow enough");
  options.add("--precision-decades", settings.precision_decades, number_above(0),
              "--trials auto: stop when half the interval is narrower, in powers of ten");
  options.add("--max-trials", settings.max_trials, whole_number(1, 1000), "--trials auto: at most this many");
  options.add("--max-seconds", settings.max_seconds, number(0, 1e9),
              "--trials auto: begin no further trial after this many seconds; 0: no limit");
  options.add("--stop-factor", settings.stop_factor, number(0, 1e9),
              "stop early when the smoothed loss exceeds this times its best and its start; 0: never");
  options.add("--batch-sizes", settings.batch_sizes,
              {"batch sizes such as 16,32,64,128", [](const std::string&) { return true; }},
              "sweep at each of these batch sizes and fit how the rate grows with them");
  options.group("Measurement and analysis");
  options.add("--rule", settings.rule, one_of(rule_names()), "how the rate is read off the curve");
  options.add("--smoothing", settings.smoothing, fraction_below_one(), "factor of the moving average of the loss");
  options.add("--metric", settings.metric, one_of(metric_names()), "the curve that is analysed");
  options.add("--eval-every", settings.eval_every, whole_number(1, 1000000),
              "steps between validations (val-* metrics)");
  options.add(
      "--probe", settings.probe, word_or({"auto"}, whole_number(0, 1 << 20)),
      "held-out images of the probe loss, measured after every step; 0: none; auto: a sixth of the sweep's cost");
  options.add("--gain-every", settings.gain_every, whole_number(0, 1000000), "steps between gain ratios; 0: none");
  options.add_flag("--layerwise", settings.layerwise, "record update-to-weight ratios layer by layer");
  options.group("Verification");
  options.add_flag("--verify", settings.verify,
                   "train briefly at the suggestion and its neighbours, constant and one-cycle, and suggest the best; "
                   "about ten times the steps of one sweep. lrfind verify does more");
  options.add("--verify-steps", settings.verify_steps, whole_number(0, 100000000),
              "steps of each of these trainings; 0: six passes over the images, but half to twice --steps");
  options.add("--verify-epochs", settings.verify_epochs, number(0, 1e6), "or their passes over the training images");
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

void check(const OptionSet& options, SweepSettings& settings) {
  if (settings.session.data.path.empty()) {
    throw usage_error("DATA is missing: the folder or CSV file with the images; see lrfind sweep --help");
  }
  if (!(settings.max_lr > settings.min_lr)) {
    std::ostringstream text;
    text << "--max-lr is " << settings.max_lr << "; it must be above --min-lr, " << settings.min_lr;
    throw usage_error(text.str());
  }
  if (settings.stop_factor != 0 && settings.stop_factor < 1) {
    throw usage_error("--stop-factor takes 0 (never stop early) or a number of at least 1");
  }
  if (settings.verify_steps > 0 && settings.verify_epochs > 0) {
    throw usage_error("--verify-epochs and --verify-steps both set the length; give one");
  }
  batch_sizes(settings);
  if (settings.layerwise && !settings.batch_sizes.empty()) {
    throw usage_error("--layerwise looks at one batch size and --batch-sizes at several; run them one after the other");
  }
  if (settings.print_lr && !options.given("output")) settings.output.clear();
  if (settings.print_lr && settings.output == "-") {
    throw usage_error("--print-lr and -o - both want stdout; give -o a file name");
  }
  if (settings.metric == "probe-loss" && settings.probe == "0") {
    throw usage_error("--metric probe-loss needs probe images; --probe is 0");
  }
  for (const auto& path : {settings.output == "-" ? std::string() : settings.output, settings.csv, settings.plot}) {
    if (!path.empty()) report::check_writable(path);
  }
  if (!settings.plot.empty()) {
    if (const auto problem = report::picture_problem(settings.plot)) throw usage_error(*problem);
  }
}

std::vector<std::int64_t> batch_sizes(const SweepSettings& settings) {
  std::vector<std::int64_t> sizes;
  std::istringstream list(settings.batch_sizes);
  for (std::string word; std::getline(list, word, ',');) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), size);
    if (error != std::errc() || end != word.data() + word.size() || size < 1 || size > (1 << 20)) {
      throw usage_error("--batch-sizes is \"" + settings.batch_sizes +
                        "\"; it takes at least two different whole numbers from 1 to 1048576, such as 16,32,64,128");
    }
    sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  if (sizes.size() == 1) {
    throw usage_error("--batch-sizes is \"" + settings.batch_sizes + "\"; a study needs at least two different sizes");
  }
  return sizes;
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
  const auto& recipe = settings.session.recipe;
  options.optimizer = recipe.optimizer;
  if (recipe.momentum != "auto") options.momentum = std::stod(recipe.momentum);
  return options;
}

}  // namespace lrfind::command
