#include "experiment/trials.hpp"
#include <lrfind/error.hpp>
#include "platform/current_error.hpp"
#include "platform/interrupted.hpp"

#include "experiment/analyse.hpp"
#include "range_test/record.hpp"
#include "report/progress.hpp"
#include "train/stopwatch.hpp"

#include <algorithm>
#include <deque>

namespace lrfind::experiment {

namespace {

// Two, because one alone cannot show that trials disagree.
constexpr std::int64_t least_trials = 2;

// Images whose forward pass costs about a sixth of a training step, which costs about three forward passes per image.
std::size_t probe_size(const SweepSettings& settings) {
  if (settings.probe) return static_cast<std::size_t>(*settings.probe);
  const auto& recipe = settings.session.recipe;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(recipe.batch_size * recipe.accumulate / 2, 16, 256));
}

bool sure(const std::vector<TrialRun>& runs, const SweepSettings& settings, const SuggestOptions& analysis,
          Clock::time_point start) {
  const auto done_trials = static_cast<std::int64_t>(runs.size());
  if (settings.trials) return done_trials >= *settings.trials;
  if (done_trials >= settings.max_trials) return true;
  if (settings.max_seconds > 0 && seconds_since(start) >= settings.max_seconds) return true;
  if (done_trials < least_trials) return false;
  std::vector<Trial> curves;
  for (const auto& run : runs) curves.push_back(curve_of(run.trial, settings.metric));
  return interval_half_width_decades(lrfind::suggest(curves, analysis)) <= settings.precision_decades;
}

}  // namespace

Trials run_trials(const RunTrial& run_trial, const SweepSettings& settings, std::uint64_t seed,
                  const SuggestOptions& analysis, std::int64_t images_per_step, const std::stop_token& stop,
                  Clock::time_point start, report::Progress& progress) {
  Trials trials;
  const auto begin = Clock::now();
  std::int64_t images = 0;
  while (!stop.stop_requested()) {
    const int number = static_cast<int>(trials.runs.size());
    Trial partial;
    partial.seed = trial_seed(seed, number);
    partial.stopped = Stopped::interrupted;
    std::vector<double> losses;
    const auto on_step = [&](int step, double lr, const Measurement& measured) {
      record(partial, lr, measured);
      losses.push_back(measured.loss);
      images += images_per_step;
      const auto planned = settings.trials.value_or(std::max<std::int64_t>(least_trials, number + 1));
      progress.update(
          {.step = step + 1,
           .steps = static_cast<int>(settings.steps),
           .trial = number + 1,
           .trials = static_cast<int>(planned),
           .lr = lr,
           .smoothed_loss = smooth(losses, settings.smoothing).back(),
           .images_per_s = images > 0 ? static_cast<double>(images) / seconds_since(begin) : report::not_measured});
    };
    try {
      trials.runs.push_back(run_trial(number, on_step));
    } catch (...) {
      if (partial.lr.empty() && trials.runs.empty()) throw;
      // What was measured is written before the error is reported.
      trials.failure = current_error();
      drop_unmeasured(partial);
      if (!partial.lr.empty()) trials.runs.push_back({.trial = partial, .update_ratios = {}, .timing = {}});
      break;
    }
    if (trials.runs.back().trial.stopped == Stopped::interrupted) break;
    if (sure(trials.runs, settings, analysis, start)) {
      trials.complete = true;
      break;
    }
  }
  trials.seconds = seconds_since(begin);
  return trials;
}

TrialRunner::TrialRunner(Session& session, const SweepSettings& settings, report::ProgressTarget progress)
    : session_(session), settings_(settings), progress_(std::move(progress)) {
  measuring_.gain_every = static_cast<int>(settings.gain_every);
  measuring_.update_ratios = settings.layerwise;
  if (const auto size = probe_size(settings); size > 0) {
    probe_ = session.probe_batch(size);
    if (probe_.size > 0) measuring_.probe = &probe_;
  }
  if (settings.metric.rfind("val-", 0) != 0) return;
  validation_ = session.validation_batches();
  if (validation_.empty()) {
    throw usage_error("--metric " + settings.metric + " needs validation images; raise --val-split above 0");
  }
  measuring_.validation = &validation_;
  measuring_.validate_every = static_cast<int>(settings.eval_every);
}

void TrialRunner::prepare(std::int64_t batch_size, int accumulate) {
  auto& engine = session_.engine();
  engine.record_update_ratios(measuring_.update_ratios);
  engine.set_probe(measuring_.probe != nullptr ? batch_view(*measuring_.probe) : train::BatchView{});
  engine.prepare(static_cast<int>(batch_size), accumulate, measuring_.gain_every > 0);
}

TrialRun TrialRunner::run_trial(int number, std::int64_t batch_size, int accumulate, const OnStep& on_step) {
  TrialRun run;
  const auto options = range_options(settings_, trial_seed(session_.seed(), number));
  const auto loader = session_.loader(
      options.seed, static_cast<std::uint64_t>(options.steps) * static_cast<std::uint64_t>(accumulate), batch_size);
  session_.start(options.seed);
  auto& engine = session_.engine();
  engine.record_update_ratios(measuring_.update_ratios);
  engine.set_probe(measuring_.probe != nullptr ? batch_view(*measuring_.probe) : train::BatchView{});
  int submitted = 0;
  int collected = 0;

  const auto submit = [&](double lr) {
    std::vector<data::Batch> batches;
    try {
      const train::Stopwatch watch(run.timing.data_wait_s);
      batches = next_batches(*loader, accumulate);
    } catch (const Interrupted&) {
      throw StepInterrupted();
    }
    const train::Stopwatch watch(run.timing.steps_s);
    engine.submit(batch_views(batches), lr, measuring_.gain_every > 0 && submitted % measuring_.gain_every == 0);
    for (const auto& batch : batches) run.images += batch.size;
    ++submitted;
  };
  const auto collect = [&] {
    Measurement measured;
    {
      const train::Stopwatch watch(run.timing.steps_s);
      measured = engine.collect();
    }
    if (measuring_.update_ratios) run.update_ratios.push_back(engine.update_ratios());
    ++collected;
    if (measuring_.validation != nullptr &&
        (collected % measuring_.validate_every == 0 || collected == options.steps)) {
      const train::Stopwatch watch(run.timing.validation_s);
      const auto evaluation = engine.evaluate(batch_views(*measuring_.validation));
      measured.val_loss = evaluation.loss;
      measured.val_accuracy = evaluation.accuracy;
    }
    return measured;
  };
  // Validation measures the weights as they are, so nothing may have run ahead of it.
  const int ahead = measuring_.validation != nullptr ? 0 : engine.ahead();
  run.trial = range_test(
      StepsAhead{submit, collect, ahead}, options, [this] { return session_.stop().stop_requested(); }, on_step);
  run.timing.steps = engine.times();
  return run;
}

Trials TrialRunner::run(std::int64_t batch_size, int accumulate, const SuggestOptions& analysis) {
  report::Progress progress(progress_);
  return run_trials(
      [&](int number, const OnStep& on_step) { return run_trial(number, batch_size, accumulate, on_step); }, settings_,
      session_.seed(), analysis, batch_size * accumulate, session_.stop(), start_, progress);
}

}  // namespace lrfind::experiment
