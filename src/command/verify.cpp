#include "verify/verify.hpp"
#include <lrfind/error.hpp>
#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "command/result_output.hpp"
#include "model/catalogue.hpp"
#include "platform/excerpt.hpp"
#include "platform/parse_json.hpp"
#include "platform/standard_streams.hpp"
#include "platform/text.hpp"
#include "platform/write_file.hpp"
#include "report/progress.hpp"
#include "report/text.hpp"

#include <lrfind/suggest.hpp>

#include <charconv>
#include <cmath>
#include <iostream>
#include <iterator>

namespace lrfind::command {

namespace {

struct VerifySettings {
  CommonOptions common;
  experiment::SessionSettings session;
  std::string result;
  std::string factors = "0.1,0.333,1,3,10";
  std::string rates;
  std::vector<std::string> lr_schedules;
  double epochs = 0;
  std::int64_t steps = 0;
  std::int64_t warmup = 0;
  std::int64_t seeds = 1;
  bool keep_all = false;
  std::int64_t val_limit = 5000;
  std::string output;
  bool json = false;
  bool trust_result = false;
};

std::optional<std::vector<double>> parse_list(const std::string& text) {
  std::vector<double> values;
  for (const std::string_view word : split(text, ',')) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || !(value > 0) || !std::isfinite(value)) {
      return std::nullopt;
    }
    values.push_back(value);
  }
  return values;
}

Validator<std::string> positive_numbers(const std::string& example) {
  return {"positive numbers separated by commas, such as " + example,
          [](const std::string& text) { return parse_list(text).has_value(); },
          {.name = "LIST"}};
}

void declare_verify_options(CommandLine& line, VerifySettings& settings) {
  auto& options = line.options();
  options.add_argument("DATA", settings.session.data.path, {.paths = true},
                       "the images, as lrfind sweep takes them; default: those of the result");
  options.group("Verification");
  options.add("-r,--result", settings.result, file_name("a file name", {".json"}),
              "result of lrfind sweep: its suggestion is verified, and its data, network and recipe options and seed "
              "are the defaults of those below");
  options.not_in_config();
  options.add_flag("--trust-result", settings.trust_result,
                   "run a network file that the result names; without it only one named by --model is run");
  options.not_in_config();
  options.add(
      "--factors", settings.factors, positive_numbers("0.1,0.333,1,3,10"),
      "candidates, as multiples of the suggestion, which is always among them; without this option two more are "
      "tried where the best lies at the edge");
  options.add("--rates", settings.rates, positive_numbers("0.001,0.01,0.1"),
              "candidates as learning rates, instead of --factors; needs no --result");
  options.add("--lr-schedule,--plan-schedule", settings.lr_schedules, one_of(train::schedule_names()),
              "schedule to train on (default: that of the result's plan, else constant); may be repeated, to compare. "
              "constant tries rates around the "
              "suggested lr, the others around max_lr. See lrfind schedule --help");
  options.add("--epochs,--plan-epochs", settings.epochs, number(0, 1e6),
              "passes over the training images of every run");
  options.add("-n,--steps,--plan-steps", settings.steps, whole_number(0, 100000000),
              "training steps of every run, instead of --epochs; neither: 3 epochs, but 100 to 600 steps");
  options.add(
      "--warmup", settings.warmup, whole_number(0, 100000000),
      "steps of a linear rise from a hundredth of the rate before the schedule; for one-cycle, of its rise; the "
      "triangular ones have none");
  options.add("--seeds", settings.seeds, whole_number(1, 1000),
              "trainings per candidate; after each, clearly worse candidates of the worse half get no more");
  options.add_flag("--keep-all", settings.keep_all, "drop nothing: every candidate with every seed to the end");
  options.add("--val-limit", settings.val_limit, whole_number(0, INT32_MAX),
              "validate on at most N images, the same for all; 0: all");
  declare_session_options(options, settings.session);
  options.group("Output");
  options.add("-o,--output", settings.output, file_name("a file name or -", {".json"}),
              "where the result with a \"verify\" section goes; - is stdout. Default: back into the file of --result");
  options.not_in_config();
  options.add_flag(
      "--json", settings.json,
      "print that result on stdout, as -o - does, and the table on stderr; it is still written where -o says");
  options.not_in_config();
}

// What another optimizer or network on the command line makes meaningless.
std::vector<std::string> not_inherited(const OptionSet& options) {
  std::vector<std::string> keys;
  const auto add = [&](const char* cause, std::initializer_list<const char*> effects) {
    if (options.given(cause)) keys.insert(keys.end(), effects.begin(), effects.end());
  };
  add("optimizer", {"momentum", "nesterov", "weight-decay", "beta1", "beta2", "alpha"});
  add("model", {"width", "depth", "reinit", "replace-head", "freeze", "lr-mult"});
  return keys;
}

void inherit(OptionSet& options, VerifySettings& settings, const report::Result& result) {
  options.inherit(result.config, {"Data", "Network", "Training recipe"}, not_inherited(options), settings.result);
  const auto& network = settings.session.network.model;
  if (!options.given("model") && !settings.trust_result && model::find_builtin(network) == nullptr) {
    throw usage_error("\"" + settings.result + "\" asks for the network file \"" + excerpt(network) +
                      "\", and such a file is code that is run; name it with --model, or give --trust-result if you "
                      "know who made the result");
  }
  const auto seed = result.config.find("seed");
  if (!options.given("seed") && seed != result.config.end() && seed->is_number_unsigned()) {
    settings.common.seed = seed->get<std::int64_t>();
  }
  if (settings.session.data.path.empty()) settings.session.data.path = result.dataset.path;
}

void check_before(const OptionSet& options, VerifySettings& settings) {
  if (settings.result.empty() && settings.rates.empty()) {
    throw usage_error("--result is missing: the result of lrfind sweep to verify; or give --rates");
  }
  if (settings.session.data.path.empty()) {
    throw usage_error("DATA is missing: the folder, archive or CSV file with the images; see lrfind verify --help");
  }
  if (settings.epochs > 0 && settings.steps > 0)
    throw usage_error("--epochs and --steps both set the length; give one");
  if (options.given("factors") && !settings.rates.empty()) {
    throw usage_error("--factors and --rates both name the candidates; give one");
  }
  if (!settings.rates.empty() && !options.given("factors")) settings.factors.clear();
  if (settings.output.empty()) settings.output = settings.result;
  if (!settings.output.empty() && settings.output != "-") report::check_writable(settings.output);
  platform::check_stdout();
  if (settings.lr_schedules.empty()) settings.lr_schedules = {"constant"};
}

verify::VerifyOptions verify_options(const OptionSet& options, const VerifySettings& settings,
                                     const experiment::Session& session) {
  verify::VerifyOptions chosen;
  chosen.schedules = settings.lr_schedules;
  chosen.factors = parse_list(settings.factors).value_or(std::vector<double>());
  chosen.rates = parse_list(settings.rates).value_or(std::vector<double>());
  chosen.steps = verify::run_length(settings.steps, settings.epochs, session.dataset(),
                                    session.images_per_step(settings.session.recipe.batch_size));
  if (settings.warmup >= chosen.steps) {
    throw usage_error("--warmup " + std::to_string(settings.warmup) + " leaves nothing of a run of " +
                      std::to_string(chosen.steps) + " steps; lower it or raise --epochs or --steps");
  }
  chosen.warmup = static_cast<int>(settings.warmup);
  chosen.seeds = static_cast<int>(settings.seeds);
  chosen.keep_all = settings.keep_all;
  chosen.extend = settings.rates.empty() && !options.given("factors");
  chosen.val_limit = static_cast<std::size_t>(settings.val_limit);
  return chosen;
}

// An earlier verification stays where a person ended this one before its first step.
bool anything_measured(const report::Verification& verification) {
  for (const auto& schedule : verification.schedules) {
    for (const auto& candidate : schedule.candidates) {
      for (const auto& run : candidate.runs) {
        if (run.steps > 0) return true;
      }
    }
  }
  return verification.complete;
}

report::Json result_json(const OptionSet& options, const experiment::Session& session) {
  report::Result result;
  session.describe_session(result);
  result.config = options.resolved();
  result.suggestion.rule = "none";
  return report::to_json(result);
}

int train(VerifySettings& settings, const OptionSet& options, const report::Result& result, const report::Json& saved,
          Console& console, experiment::Team& team) {
  require_machine(settings.common);
  settings.common.network_says = network_listener(settings.common, console);
  experiment::Session session(settings.session, settings.common,
                              {.batches = static_cast<std::uint64_t>(settings.steps > 0 ? settings.steps : 100)},
                              listen_for_interrupt(), team);
  settings.session = session.resolved();
  warn_before_training(session, settings.common, console);
  const auto chosen = verify_options(options, settings, session);
  const auto verification =
      verify::verify_rates(session, result.suggestion, chosen, progress_target(settings.common, console));

  console.silence(!team.speaks());
  const bool json_on_stdout = settings.json || settings.output == "-";
  Unwritten unwritten;
  if (team.speaks() && anything_measured(verification)) {
    auto json = saved.is_null() ? result_json(options, session) : saved;
    json["verify"] = report::verification_json(verification);
    json["verify"]["config"] = options.resolved();
    json["timing"]["verify_s"] = verification.seconds;
    const auto text = report::to_text(json);
    if (!settings.output.empty() && settings.output != "-") {
      unwritten.add(report::write_file_or_elsewhere(settings.output, text));
    }
    if (json_on_stdout) unwritten.add(report::write_file_or_elsewhere("/dev/stdout", text, "lr.json"));
  }
  if (verification.failure) {
    if (unwritten.error) console.out() << "lrfind verify: " << report::printable(unwritten.error->what()) << "\n";
    throw Error(*verification.failure);
  }
  const auto table = report::verification_table(verification);
  if (!json_on_stdout) {
    std::cout << table << std::flush;
  } else if (!settings.common.quiet) {
    console.out() << table;
  }
  if (!settings.common.quiet)
    console.out() << "\n" << report::verification_summary(verification, console.style().columns);
  if (unwritten.error) throw Error(*unwritten.error);
  return verification.complete ? done : ExitStatus::interrupted;
}

}  // namespace

int verify(const Invocation& invocation) {
  VerifySettings settings;
  CommandLine line(
      "verify",
      "Trains from scratch at the suggested rate and its neighbours, and prints the validation accuracy of "
      "each as a table on stdout (or the result with --json); whether the suggestion held goes to stderr and into the "
      "result. A candidate that makes no headway is pruned early.",
      "  lrfind verify photos --result lr.json\n"
      "  lrfind verify photos --result lr.json --lr-schedule constant --lr-schedule one-cycle --epochs 5\n"
      "  lrfind verify photos --rates 0.001,0.01,0.1 --optimizer adam --seeds 3 --json\n",
      settings.common);
  declare_verify_options(line, settings);
  line.untrusted_means("the result suggests no rate to verify");
  line.file("lr.json", "the usual name of a result, which the verification is added to");
  line.variable("RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT",
                "which of several processes this is, as torchrun, srun or mpirun say it");
  auto& console = invocation.console;
  let_one_rank_speak(console);
  if (!line.parse(invocation)) return done;
  experiment::Team team(settings.session.team);
  let_one_rank_speak(console, team);
  report::Result result;
  report::Json saved;  // the file of --result as it is, so that nothing in it is lost; it may be gone when we end
  auto& options = line.options();
  if (!settings.result.empty()) {
    result = report::read_result(settings.result);
    if (result.sections.contains("program")) {
      throw usage_error(
          "\"" + settings.result +
          "\" is of a training program of somebody else (lrfind exec), which lrfind cannot train; train it "
          "at the suggested rate and its neighbours");
    }
    saved = parse_json(report::read_result_text(settings.result));
    inherit(options, settings, result);
    const auto& plan = result.suggestion.plan;
    if (settings.lr_schedules.empty() && plan && !plan->plan.schedule.empty()) {
      settings.lr_schedules = {plan->plan.schedule};
    }
  }
  check_before(options, settings);
  if (settings.rates.empty() && !result.suggestion.lr) {
    console.out() << "lrfind verify: \"" << report::printable(settings.result)
                  << "\" suggests no rate to verify; repeat the sweep as it advises, or give --rates\n";
    return untrusted;
  }
  expect_same_options(team, options, settings.session);
  return in_team(team, console, [&] { return train(settings, options, result, saved, console, team); });
}

}  // namespace lrfind::command
