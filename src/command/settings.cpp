#include "command/settings.hpp"
#include <lrfind/error.hpp>

#include "data/batch/augment.hpp"
#include "experiment/analyse.hpp"
#include "experiment/first_rate.hpp"
#include "model/catalogue.hpp"
#include "platform/standard_streams.hpp"
#include "platform/text.hpp"
#include "platform/write_file.hpp"
#include "report/page.hpp"
#include "schedule/schedule.hpp"
#include "train/optimizer_facts.hpp"

#include <algorithm>
#include <charconv>

namespace lrfind::command {

using experiment::AutoOr;

namespace {

Validator<AutoOr<experiment::ImageSize>> image_size() {
  return {"auto, a side in pixels such as 64, or a height and width such as 48x64, each from 1 to 4096",
          [](const AutoOr<experiment::ImageSize>&) { return true; },
          {.words = {"auto"}, .name = "SIZE"}};
}

Validator<AutoOr<std::int64_t>> channels() {
  return {"auto, 1 or 3",
          [](const AutoOr<std::int64_t>& value) { return !value || *value == 1 || *value == 3; },
          {.words = {"auto", "1", "3"}, .name = "N"}};
}

Validator<std::string> augmentation() {
  const auto names = data::augmentation_names();
  const auto fits = [](const std::string& text) {
    try {
      data::parse_augmentations(text);
      return true;
    } catch (const std::invalid_argument&) {
      return false;
    }
  };
  return {"a comma-separated list of " + lrfind::joined(names),
          fits,
          {.words = names, .listed = true, .several = true, .name = "LIST"}};
}

Validator<std::string> device() {
  const auto fits = [](const std::string& text) {
    if (text == "auto" || text == "cpu" || text == "cuda") return true;
    return text.rfind("cuda:", 0) == 0 && text.size() > 5 && text.size() < 8 &&
           text.find_first_not_of("0123456789", 5) == std::string::npos;
  };
  return {"auto, cpu, cuda or cuda:N", fits, {.words = {"auto", "cpu", "cuda", "cuda:0"}, .name = "DEVICE"}};
}

Validator<std::string> network() {
  auto validator =
      file_name("a built-in network's name, or a file of torch.export or TorchScript", {".pt2", ".pt", ".ts"});
  for (const auto& builtin : model::builtin_networks()) validator.values.words.push_back(builtin.name);
  validator.values.listed = true;
  return validator;
}

void declare_data_options(OptionSet& options, experiment::DataSettings& settings) {
  options.group("Data");
  options.add("--image-size", settings.image_size, image_size(),
              "pixels, N or HEIGHTxWIDTH; auto: the images' own, at most the network's usual size");
  options.add("--channels", settings.channels, channels(),
              "1 (grey) or 3 (colour); auto: what the network takes, else what the images have");
  options.add("--normalize", settings.normalize, one_of({"dataset", "imagenet", "none"}),
              "subtract the mean and divide by the deviation of: a sample of this dataset, ImageNet, or not at all");
  options.add("--resize", settings.resize, one_of({"stretch", "crop", "pad"}),
              "how another aspect ratio is made to fit");
  options.add("--augment", settings.augment, augmentation(), "changes to every training image, separated by commas");
  options.add("--val-split", settings.val_split, fraction_below_one(),
              "fraction held out by class where the data has no validation images of its own");
  options.add("--limit", settings.limit, whole_number(0, INT32_MAX), "use at most N training images; 0: all");
  options.add("--workers", settings.workers, auto_or(whole_number(0, 256)),
              "threads that decode images; auto: one per core. They never change the batches");
  options.add("--cache-mb", settings.cache_mb, whole_number(0, 1 << 24),
              "MiB of decoded images kept in memory for later trials");
  declare_decode_budget(options, settings.decode_mb);
  options.add("--max-unreadable", settings.max_unreadable, number(0, 1),
              "give up (status 3) when more than this fraction of the images is unreadable");
}

void declare_network_options(OptionSet& options, experiment::NetworkSettings& settings) {
  options.group("Network");
  options.add("-m,--model", settings.model, network(),
              "a built-in network, a FILE.pt2 of torch.export or a TorchScript FILE.pt. TorchScript is code: load only "
              "what you trust");
  options.add("--width", settings.width, number(0.01, 64), "built-in networks: factor on the channels of every layer");
  options.add("--depth", settings.depth, whole_number(0, 1000),
              "built-in networks with a choice: number of layers; 0: the usual one");
  options.add_flag(
      "--reinit", settings.reinit,
      "a network from a file: fresh initial weights for standard layers, from the seed, instead of the file's");
  options.add_flag("--replace-head", settings.replace_head,
                   "a network from a file: a fresh last linear layer with as many outputs as the data has classes");
}

void declare_recipe_options(OptionSet& options, experiment::RecipeSettings& settings) {
  options.group("Training recipe");
  options.add("--optimizer", settings.optimizer, one_of(train::optimizer_names()),
              "lion, lars and lamb as in timm, the others as in PyTorch");
  options.add("--momentum", settings.momentum, auto_or(fraction_below_one()),
              "of sgd, lars and rmsprop; auto: 0.9 for sgd and lars, 0 for rmsprop");
  options.add_flag("--nesterov", settings.nesterov, "Nesterov momentum (sgd, lars)");
  options.add("--weight-decay", settings.weight_decay, auto_or(number(0, 10)),
              "auto: 0.01 for adamw and lamb, 0.0005 for lars, else 0; decoupled for adamw and lion");
  options.add("--beta1", settings.beta1, fraction_below_one(), "the adams, lion, lamb: decay of the mean");
  options.add("--beta2", settings.beta2, auto_or(fraction_below_one()),
              "likewise: decay of the squares, of the mean in lion; auto: 0.99 for lion, else 0.999");
  options.add("--alpha", settings.alpha, fraction_below_one(), "rmsprop: decay of the squares");
  options.add("-b,--batch-size", settings.batch_size, whole_number(1, 1 << 20), "images per batch");
  options.add("--accumulate", settings.accumulate, whole_number(1, 1 << 16),
              "batches per update, their gradients averaged");
  options.add(
      "--precision", settings.precision, one_of({"fp32", "tf32", "bf16", "fp16", "auto"}),
      "autocast: bf16 on CUDA and CPUs that have it, fp16 with loss scaling on CUDA; auto: bf16 where the hardware "
      "has it, it is faster and the first steps are as in fp32, else fp32");
  options.add(
      "--memory-format", settings.memory_format, one_of({"auto", "contiguous", "channels-last"}),
      "of images and weights. auto: on a CPU a network from a file is contiguous, as in Python, and has its losses "
      "to the last digits; channels-last is faster for depthwise convolutions (MobileNet, EfficientNet)");
  options.add("--grad-clip", settings.grad_clip, number(0, 1e9), "largest norm of the whole gradient; 0: no clipping");
  options.add("--label-smoothing", settings.label_smoothing, fraction_below_one(), "of the training loss");
  options.add("--class-weights", settings.class_weights, one_of({"none", "balanced"}),
              "balanced: weigh the loss by the inverse of each class's share");
  options.add_flag("--sync-batchnorm", settings.sync_batchnorm,
                   "several processes: batch normalisation over the batches of all of them");
  options.add("--freeze", settings.freeze, any_text("a regular expression"),
              "REGEX of parameter names that are not trained, or !REGEX: all but those; may be repeated");
  options.add("--lr-mult", settings.lr_mult, any_text("REGEX=FACTOR"),
              "REGEX=FACTOR: parameters trained at a multiple of the rate; may be repeated, the last match counts");
}

void declare_device_options(OptionSet& options, experiment::DeviceSettings& settings) {
  options.group("Device");
  options.add("--device", settings.device, device(), "auto (CUDA where it answers), cpu, cuda or cuda:N");
  options.add_flag("--deterministic", settings.deterministic,
                   "use deterministic CUDA algorithms only (the CPU's always are)");
}

Validator<std::string> meeting_place() {
  return {"tcp://HOST:PORT", [](const std::string& text) {
            const auto colon = text.rfind(':');
            return text.rfind("tcp://", 0) == 0 && colon > 6 && colon + 1 < text.size() &&
                   text.find_first_not_of("0123456789", colon + 1) == std::string::npos;
          }};
}

void declare_team_options(OptionSet& options, experiment::TeamSettings& settings) {
  options.group("Several processes (started by torchrun, srun or mpirun)");
  options.add("--parallel", settings.parallel, one_of({"data", "trials"}),
              "data: one network, of whose batches every rank takes --batch-size images; trials: every rank its own "
              "trials, sooner where a network is small");
  options.not_in_config();
  options.add("--rank-timeout", settings.timeout_s, number(1, 1e6), "seconds that a rank waits for the others");
  options.not_in_config();
  options.add("--rendezvous", settings.rendezvous, meeting_place(),
              "tcp://HOST:PORT where rank 0 listens, instead of what the launcher says");
  options.not_in_config();
  options.add("--rank", settings.rank, auto_or(whole_number(0, 1 << 20)), "with --rendezvous: this process, from 0");
  options.not_in_config();
  options.add("--world-size", settings.world_size, auto_or(whole_number(1, 1 << 20)),
              "with --rendezvous: how many processes there are; 1: alone, whatever a launcher says");
  options.not_in_config();
}

void declare_rate_options(OptionSet& options, SweepOptions& settings) {
  options.group("Range test");
  options.add("--min-lr", settings.min_lr, auto_or(number_above(0)),
              "first learning rate; auto: where one step begins to move the loss, found by trying one (exec: 1e-7)");
  options.add("--max-lr", settings.max_lr, number_above(0), "last learning rate; for lars 1000 where it is not given");
  options.add("-n,--steps", settings.steps, auto_or(whole_number(2, 1000000)),
              "learning rates tried, one training step each; auto: 25 for every two powers of ten, 100 with --min-lr");
  options.add("--spacing", settings.spacing, one_of({"exp", "linear"}), "geometric or even steps between the rates");
  options.add("-t,--trials", settings.trials, auto_or(whole_number(1, 1000)),
              "sweeps with different seeds, combined; auto: until the interval is narrow enough");
  options.add("--precision-decades", settings.precision_decades, number_above(0),
              "--trials auto: stop when half the interval is narrower, in powers of ten");
  options.add("--max-trials", settings.max_trials, whole_number(1, 1000), "--trials auto: at most this many");
  options.add("--max-seconds", settings.max_seconds, number(0, 1e9),
              "--trials auto: begin no further trial after this many seconds; 0: no limit");
  options.add("--stop-factor", settings.stop_factor, number(0, 1e9),
              "stop early when the smoothed loss exceeds this times its best and its start; 0: never");
}

void declare_range_test_options(OptionSet& options, SweepOptions& settings) {
  declare_rate_options(options, settings);
  options.add("--batch-sizes", settings.batch_sizes,
              {"batch sizes such as 16,32,64,128", [](const std::string&) { return true; }, {.name = "LIST"}},
              "sweep at each of these batch sizes and fit how the rate grows with them");
}

void declare_analysis_options(OptionSet& options, SweepOptions& settings) {
  options.group("Measurement and analysis");
  options.add("--rule", settings.rule, one_of(rule_names()), "how the rate is read off the curve");
  options.add("--smoothing", settings.smoothing, fraction_below_one(), "factor of the moving average of the loss");
  options.add("--metric", settings.metric, one_of(experiment::metric_names()), "the curve that is analysed");
}

void declare_measurement_options(OptionSet& options, SweepOptions& settings) {
  declare_analysis_options(options, settings);
  options.add("--eval-every", settings.eval_every, whole_number(1, 1000000),
              "steps between validations (val-* metrics)");
  options.add(
      "--probe", settings.probe, auto_or(whole_number(0, 1 << 20)),
      "held-out images of the probe loss, measured after every step; 0: none; auto: a sixth of the sweep's cost");
  options.add("--gain-every", settings.gain_every, whole_number(0, 1000000), "steps between gain ratios; 0: none");
  options.add_flag("--layerwise", settings.layerwise, "record update-to-weight ratios layer by layer");
}

void declare_verification_options(OptionSet& options, SweepOptions& settings) {
  options.group("Verification");
  options.add_flag("--verify", settings.verify,
                   "train briefly at the suggestion and its neighbours, constant and one-cycle, and suggest the best; "
                   "about ten times the steps of one sweep. lrfind verify does more");
  options.add("--verify-steps", settings.verify_steps, whole_number(0, 100000000),
              "steps of each of these trainings; 0: six passes over the images, but half to twice --steps");
  options.add("--verify-epochs", settings.verify_epochs, number(0, 1e6), "or their passes over the training images");
}

void declare_output_options(OptionSet& options, SweepOptions& settings) {
  options.group("Output");
  options.add("-o,--output", settings.output, file_name("a file name or -", {".json"}),
              "result JSON; - is stdout. With --print-lr none is written unless this is given");
  options.not_in_config();
  options.add_flag("--json", settings.json,
                   "print the result JSON on stdout, as -o - does; with -o FILE it is written there, too");
  options.not_in_config();
  options.add("--csv", settings.csv, file_name("a file name", {".csv"}), "write the curve as comma-separated values");
  options.not_in_config();
  options.add("--plot", settings.plot, file_name("a file name", {".png", ".svg", ".pdf", ".html"}),
              "draw the curve into FILE.png, .svg or .pdf, or a page, FILE.html");
  options.not_in_config();
  options.add_flag("--print-lr", settings.print_lr,
                   "print only the suggested rate on stdout; nothing and status 4 when it cannot be trusted");
  options.not_in_config();
}

void declare_list_parameters(OptionSet& options, SweepOptions& settings) {
  options.add_flag("--list-parameters", settings.list_parameters,
                   "print the network's parameter names for --freeze and --lr-mult, and exit");
  options.not_in_config();
}

// Of a program's own training, which may have one that lrfind does not know.
Validator<std::string> optimizer_name() {
  auto validator = any_text("an optimizer's name, such as sgd or adamw");
  validator.values = {.words = train::optimizer_names(), .name = "NAME"};
  return validator;
}

void declare_program_options(OptionSet& options, ExecOptions& settings) {
  constexpr double longest = 1e7;
  options.group("Program");
  options.add("--start-timeout", settings.external.start_timeout, number(0, longest),
              "seconds until the program must have connected and said hello; 0: no limit");
  options.add("--step-timeout", settings.external.step_timeout, number(0, longest),
              "seconds until it must have answered a step; 0: no limit");
  options.add("--optimizer", settings.recipe.optimizer, optimizer_name(),
              "the program's, where it does not say so itself: the rule lrfind leans on the rates it is used with");
  options.add("--momentum", settings.recipe.momentum, auto_or(fraction_below_one()),
              "of that optimizer; auto: what the program says, else 0.9 for sgd");
  options.add("-b,--batch-size", settings.recipe.batch_size, whole_number(0, INT32_MAX),
              "samples per update; 0: what the program says");
  options.add("--command", settings.external.command, {"text", [](const std::string&) { return true; }},
              "the program and its arguments, one each time; for config files, on the command line they follow --");
}

// What is wrong with the rates.
void check_rates(const SweepOptions& settings) {
  if (settings.min_lr && !(settings.max_lr > *settings.min_lr)) {
    std::ostringstream text;
    text << "--max-lr is " << settings.max_lr << "; it must be above --min-lr, " << *settings.min_lr;
    throw usage_error(text.str());
  }
  if (settings.stop_factor != 0 && settings.stop_factor < 1) {
    throw usage_error("--stop-factor takes 0 (never stop early) or a number of at least 1");
  }
}

void check_outputs(const OptionSet& options, SweepOptions& settings) {
  if (settings.json && settings.print_lr)
    throw usage_error("--print-lr and --json both want stdout; give -o a file name");
  if (settings.json && !options.given("output")) settings.output = "-";
  if (settings.print_lr || settings.json || settings.output == "-" || settings.list_parameters)
    platform::check_stdout();
  if (settings.print_lr && !options.given("output")) settings.output.clear();
  if (settings.print_lr && settings.output == "-") {
    throw usage_error("--print-lr and -o - both want stdout; give -o a file name");
  }
  for (const auto& path : {settings.output == "-" ? std::string() : settings.output, settings.csv, settings.plot}) {
    if (!path.empty()) report::check_writable(path);
  }
  if (!settings.plot.empty()) {
    if (const auto problem = report::drawing_problem(settings.plot)) throw usage_error(*problem);
  }
}

}  // namespace

void declare_common_options(OptionSet& options, CommonOptions& settings) {
  options.group("General");
  options.add("--config", settings.config, file_name("a file name", {".json"}),
              "JSON file of option values, with the long names as keys; the command line wins over it");
  options.not_in_config();
  options.add("--seed", settings.seed, whole_number(0, INT64_MAX),
              "seed of weights, batch order and augmentation: same seed, same numbers");
  options.add("--threads", settings.threads, whole_number(0, 1024),
              "threads of computation; 0: one per core this process may use");
  options.add_flag("-q,--quiet", settings.quiet, "print nothing for people; errors still go to stderr");
  options.not_in_config();
  options.add("--progress", settings.progress, one_of({"auto", "always", "never"}), "progress line on stderr");
  options.not_in_config();
}

void declare_plan_options(OptionSet& options, experiment::PlanSettings& settings) {
  options.group("Plan (the training that the suggestion is for)");
  options.add("--plan-epochs", settings.epochs, number(0, 1e9),
              "its length in passes over the training images; 0 here and below: 300 updates are assumed");
  options.add("--plan-steps", settings.steps, whole_number(0, 1000000000000), "or in updates of the weights");
  std::vector<std::string> names = train::schedule_names();
  names.insert(names.begin(), "any");
  options.add("--plan-schedule", settings.schedule, one_of(names),
              "that its rate follows: --print-lr prints the rate for it; any: the rate to hold constant");
}

void check_plan(const experiment::PlanSettings& settings) {
  if (settings.epochs > 0 && settings.steps > 0) {
    throw usage_error("--plan-epochs and --plan-steps both say how long the training is; give one");
  }
}

void declare_decode_budget(OptionSet& options, std::int64_t& decode_mb) {
  options.add("--decode-mb", decode_mb, whole_number(1, 1 << 24),
              "MiB that all threads together take to decode large images; one that takes more is unreadable");
}

void declare_session_options(OptionSet& options, experiment::SessionSettings& settings) {
  declare_data_options(options, settings.data);
  declare_network_options(options, settings.network);
  declare_recipe_options(options, settings.recipe);
  declare_device_options(options, settings.device);
  declare_team_options(options, settings.team);
}

void declare_sweep_options(OptionSet& options, SweepOptions& settings) {
  options.add_argument(
      "DATA", settings.session.data.path, {.paths = true},
      "folder of class folders, folder with train/ and val/, folder of IDX files, CSV manifest, an archive of these "
      "(.zip, .tar, .tar.gz, ...), or WebDataset shards ('shard-{000..009}.tar', or their folder)");
  declare_range_test_options(options, settings);
  declare_measurement_options(options, settings);
  declare_plan_options(options, settings.plan);
  declare_verification_options(options, settings);
  declare_session_options(options, settings.session);
  declare_output_options(options, settings);
  declare_list_parameters(options, settings);
}

void declare_exec_options(OptionSet& options, ExecOptions& settings) {
  declare_rate_options(options, settings.sweep);
  declare_analysis_options(options, settings.sweep);
  declare_plan_options(options, settings.sweep.plan);
  declare_program_options(options, settings);
  declare_output_options(options, settings.sweep);
}

void check_exec_options(const OptionSet& options, ExecOptions& settings) {
  if (settings.external.command.empty()) {
    throw usage_error(
        "COMMAND is missing: the training program and its arguments, after --, as in lrfind exec -- "
        "python3 train.py");
  }
  check_rates(settings.sweep);
  check_plan(settings.sweep.plan);
  check_outputs(options, settings.sweep);
  static_cast<experiment::SweepSettings&>(settings.sweep) = experiment::with_usual_first_rate(settings.sweep);
}

void check_sweep_options(const OptionSet& options, SweepOptions& settings) {
  if (settings.session.data.path.empty()) {
    throw usage_error("DATA is missing: the folder, archive or CSV file with the images; see lrfind sweep --help");
  }
  const auto* optimizer = train::find_optimizer(settings.session.recipe.optimizer);
  if (optimizer != nullptr && !options.given("max-lr")) settings.max_lr = optimizer->last_lr;
  check_rates(settings);
  check_plan(settings.plan);
  if (settings.verify_steps > 0 && settings.verify_epochs > 0) {
    throw usage_error("--verify-epochs and --verify-steps both set the length; give one");
  }
  parse_batch_sizes(settings.batch_sizes);
  if (settings.layerwise && !settings.batch_sizes.empty()) {
    throw usage_error("--layerwise looks at one batch size and --batch-sizes at several; run them one after the other");
  }
  if (settings.metric == "probe-loss" && settings.probe == 0) {
    throw usage_error("--metric probe-loss needs probe images; --probe is 0");
  }
  check_outputs(options, settings);
}

std::vector<std::int64_t> parse_batch_sizes(const std::string& text) {
  std::vector<std::int64_t> sizes;
  if (text.empty()) return sizes;
  for (const std::string_view word : split(text, ',')) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), size);
    if (error != std::errc() || end != word.data() + word.size() || size < 1 || size > (1 << 20)) {
      throw usage_error("--batch-sizes is \"" + text +
                        "\"; it takes at least two different whole numbers from 1 to 1048576, such as 16,32,64,128");
    }
    sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  if (sizes.size() == 1) {
    throw usage_error("--batch-sizes is \"" + text + "\"; a study needs at least two different sizes");
  }
  return sizes;
}

}  // namespace lrfind::command
