#include "experiment/external_trials.hpp"

#include "experiment/analyse.hpp"
#include "experiment/session.hpp"
#include "platform/excerpt.hpp"
#include "train/optimizer_facts.hpp"
#include "train/stopwatch.hpp"

#include <lrfind/error.hpp>

namespace lrfind::experiment {

namespace {

// As sweep takes it where nobody says.
double momentum_of(const ExternalRecipe& recipe) {
  const auto* facts = train::find_optimizer(recipe.optimizer);
  return recipe.momentum.value_or(facts == nullptr ? 0 : facts->momentum.value_or(0));
}

[[noreturn]] void contradiction(const std::string& option, const report::Json& person, const report::Json& program) {
  throw usage_error("--" + option + " is " + excerpt(person.dump()) + ", but the program says " +
                    excerpt(program.dump()) + "; leave the option out, or mend what the program says");
}

// As a shell would take it.
std::string command_text(const std::vector<std::string>& command) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  std::string text;
  for (const auto& word : command) {
    const bool quoted = word.empty() || word.find_first_not_of(plain) != std::string::npos;
    text += (text.empty() ? "" : " ") + (quoted ? "'" + word + "'" : word);
  }
  return text;
}

std::string note_on(const ExternalRecipe& recipe) {
  if (recipe.optimizer.empty()) {
    return "the optimizer is not known, so that the rate rests on the curve alone; the program's hello or --optimizer "
           "tells it";
  }
  if (with_usual_rate(recipe.optimizer).empty()) {
    return "no usual rate is known of the optimizer " + excerpt(recipe.optimizer) +
           ", so that the rate rests on the curve alone";
  }
  if (recipe.optimizer != "sgd" || recipe.momentum) return "";
  return "sgd is taken to have a momentum of 0.9; the program's hello or --momentum tells another";
}

}  // namespace

ExternalTrials::ExternalTrials(const ExternalSettings& external, const SweepSettings& settings, std::uint64_t seed,
                               std::stop_token stop, const OnLine& on_line)
    : external_(external), settings_(settings), seed_(seed), stop_(std::move(stop)), on_line_(on_line) {
  start(trial_seed(seed_, 0));
  hello_ = program_->hello();
}

void ExternalTrials::start(std::uint64_t seed) {
  ++processes_;
  program_ = std::make_unique<ExternalProgram>(external_, seed, stop_, on_line_);
}

Trials ExternalTrials::run(const SuggestOptions& analysis, report::Progress& progress) {
  Team alone;
  auto trials = run_trials([this](int number, const OnStep& on_step) { return run_trial(number, on_step); }, settings_,
                           seed_, analysis, 0, alone, stop_, start_, progress);
  try {
    if (trials.complete) program_->finish();
  } catch (const Error& error) {
    trials.complete = false;
    trials.failure = error;
  }
  program_.reset();
  return trials;
}

TrialRun ExternalTrials::run_trial(int number, const OnStep& on_step) {
  const auto options = range_options(settings_, trial_seed(seed_, number));
  TrialRun run;
  run.trial.seed = options.seed;
  if (number > 0 && !hello_.resets) {
    program_->finish();
    program_.reset();
    try {
      start(options.seed);
    } catch (const StepInterrupted&) {
      run.trial.stopped = Stopped::interrupted;
      return run;
    }
  } else if (number > 0) {
    program_->reset(options.seed);
  }
  StepToTake next{.trial = number, .seed = options.seed, .step = 0, .steps = options.steps, .lr = 0};
  const auto step = [&](double lr) {
    const train::Stopwatch watch(waited_s_);
    next.lr = lr;
    const auto measured = program_->step(next);
    ++next.step;
    return measured;
  };
  run.trial = range_test(
      MeasuredStep(step), options, [this] { return stop_.stop_requested(); }, on_step);
  if (run.trial.stopped != Stopped::interrupted && curve_of(run.trial, settings_.metric).lr.empty()) {
    throw usage_error("--metric " + settings_.metric +
                      " is what the program never reported; let it answer with it, or leave the option out");
  }
  return run;
}

ExternalRecipe joined(const ExternalRecipe& person, const Hello& program) {
  ExternalRecipe recipe{program.optimizer, program.momentum, program.batch_size};
  if (!person.optimizer.empty()) {
    if (!recipe.optimizer.empty() && recipe.optimizer != person.optimizer) {
      contradiction("optimizer", person.optimizer, recipe.optimizer);
    }
    recipe.optimizer = person.optimizer;
  }
  if (person.momentum) {
    if (recipe.momentum && *recipe.momentum != *person.momentum) {
      contradiction("momentum", *person.momentum, *recipe.momentum);
    }
    recipe.momentum = person.momentum;
  }
  if (person.batch_size > 0) {
    if (recipe.batch_size > 0 && recipe.batch_size != person.batch_size) {
      contradiction("batch-size", person.batch_size, recipe.batch_size);
    }
    recipe.batch_size = person.batch_size;
  }
  return recipe;
}

SuggestOptions suggest_options(const SweepSettings& settings, const ExternalRecipe& recipe) {
  SuggestOptions options;
  options.rule = settings.rule;
  options.smoothing = settings.smoothing;
  options.steps = static_cast<std::size_t>(settings.steps.value());
  options.optimizer = with_usual_rate(recipe.optimizer);
  options.momentum = momentum_of(recipe);
  return options;
}

void describe_program(const std::vector<std::string>& command, const Hello& hello, const ExternalRecipe& recipe,
                      report::Result& result) {
  result.tool.version = LRFIND_VERSION;
  result.tool.device = hello.device;
  result.dataset.format = "program";
  result.dataset.train_images = hello.train_samples;
  result.dataset.notes.clear();
  if (const auto note = note_on(recipe); !note.empty()) result.dataset.notes.push_back(note);
  result.model = {hello.model.empty() ? excerpt(command_text(command)) : hello.model, hello.parameters, hello.classes};
  const auto state = [&](const char* key, const report::Json& value, bool known) {
    if (known) {
      result.config[key] = value;
    } else {
      result.config.erase(key);
    }
  };
  state("optimizer", recipe.optimizer, !recipe.optimizer.empty());
  state("momentum", momentum_of(recipe), recipe.momentum || !recipe.optimizer.empty());
  state("batch-size", recipe.batch_size, recipe.batch_size > 0);
  result.sections["program"] = {{"command", command}, {"hello", hello.as_said}};
}

}  // namespace lrfind::experiment
