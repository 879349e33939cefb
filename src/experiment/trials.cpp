#include "experiment/trials.hpp"
#include <lrfind/error.hpp>
#include "platform/current_error.hpp"
#include "platform/interrupted.hpp"

#include "experiment/analyse.hpp"
#include "experiment/trial_message.hpp"
#include "report/progress.hpp"
#include "train/stopwatch.hpp"

#include <algorithm>
#include <deque>

namespace lrfind::experiment {

namespace {

// Two, because one alone cannot show that trials disagree.
constexpr std::int64_t least_trials = 2;

// Images whose forward pass costs about a sixth of a training step, which costs about three forward passes per image.
std::size_t probe_size(const SweepSettings& settings, const Session& session) {
  if (settings.probe) return static_cast<std::size_t>(*settings.probe);
  const auto images = session.images_per_step(settings.session.recipe.batch_size);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(images / 2, 16, 256));
}

}  // namespace

TrialRunner::TrialRunner(Session& session, const SweepSettings& settings, report::ProgressTarget progress)
    : session_(session), settings_(settings), progress_(std::move(progress)) {
  measuring_.gain_every = static_cast<int>(settings.gain_every);
  measuring_.update_ratios = settings.layerwise;
  if (const auto size = probe_size(settings, session); size > 0) {
    probe_ = session.probe_batch(size);
    if (probe_.size > 0) measuring_.probe = &probe_;
  }
  if (settings.metric.rfind("val-", 0) != 0) return;
  validation_ = session.validation_batches();
  if (session.team().sum(static_cast<std::int64_t>(validation_.size())) == 0) {
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

TrialRun TrialRunner::run_trial(int number, std::int64_t batch_size, int accumulate, const OnStep& on_step,
                                Trial& partial) {
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
    for (const auto& batch : batches) run.images += batch.size * session_.team().parts();
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
  const auto note_step = [&](int step_number, double lr, const Measurement& measured) {
    partial.lr.push_back(lr);
    partial.loss.push_back(measured.loss);
    on_step(step_number, lr, measured);
  };
  partial.seed = options.seed;
  partial.stopped = Stopped::interrupted;
  // Validation measures the weights as they are, so nothing may have run ahead of it.
  const int ahead = measuring_.validation != nullptr ? 0 : engine.ahead();
  run.trial = range_test(
      StepsAhead{submit, collect, ahead}, options, [this] { return session_.stop_now(); }, note_step);
  run.timing.steps = engine.times();
  return run;
}

bool TrialRunner::sure(const std::vector<TrialRun>& runs, const SuggestOptions& analysis) const {
  const auto done_trials = static_cast<std::int64_t>(runs.size());
  if (settings_.trials) return done_trials >= *settings_.trials;
  if (done_trials >= settings_.max_trials) return true;
  if (settings_.max_seconds > 0 && session_.team().agreed(seconds_since(start_) >= settings_.max_seconds)) return true;
  if (done_trials < least_trials) return false;
  std::vector<Trial> curves;
  for (const auto& run : runs) curves.push_back(curve_of(run.trial, settings_.metric));
  return interval_half_width_decades(lrfind::suggest(curves, analysis)) <= settings_.precision_decades;
}

// The trial of this number; where ranks share trials, those of as many numbers as there are ranks, one by each.
std::vector<TrialOutcome> TrialRunner::next_outcomes(int number, const std::function<TrialOutcome(int)>& run) const {
  auto& team = session_.team();
  if (!team.shares_trials()) return {run(number)};
  const int own = number + team.rank();
  TrialOutcome outcome;
  outcome.run.trial.stopped = Stopped::interrupted;
  const bool wanted = own < settings_.trials.value_or(settings_.max_trials);
  if (wanted && !session_.stop_now()) outcome = run(own);
  std::vector<TrialOutcome> outcomes;
  for (const auto& bytes : team.exchange(to_bytes(outcome), Team::Waiting::as_long_as_alive))
    outcomes.push_back(outcome_of(bytes));
  return outcomes;
}

Trials TrialRunner::run(std::int64_t batch_size, int accumulate, const SuggestOptions& analysis) {
  Trials trials;
  report::Progress progress(progress_);
  const auto begin = Clock::now();
  std::int64_t images = 0;
  const auto run_one = [&](int number) {
    TrialOutcome outcome;
    Trial partial;
    std::vector<double> losses;
    const auto on_step = [&](int step, double lr, const Measurement& measured) {
      losses.push_back(measured.loss);
      images += session_.images_per_step(batch_size);
      const auto planned = settings_.trials.value_or(std::max<std::int64_t>(least_trials, number + 1));
      progress.update({.step = step + 1,
                       .steps = static_cast<int>(settings_.steps),
                       .trial = number + 1,
                       .trials = static_cast<int>(planned),
                       .lr = lr,
                       .smoothed_loss = smooth(losses, settings_.smoothing).back(),
                       .images_per_s = static_cast<double>(images) / seconds_since(begin)});
    };
    try {
      outcome.run = run_trial(number, batch_size, accumulate, on_step, partial);
      return outcome;
    } catch (const Interrupted&) {  // another rank was
      outcome.run.trial = partial;
      return outcome;
    } catch (...) {
      const Error error = current_error();
      outcome.failure_kind = error.kind();
      outcome.failure = error.what();
    }
    if (!session_.team().shares_trials()) session_.team().abandon(outcome.failure_kind, outcome.failure);
    outcome.run.trial = partial;
    return outcome;
  };
  const bool decides_alone = !session_.team().shares_trials();
  while (!trials.complete && !trials.failure && !(decides_alone && session_.stop_now())) {
    for (auto& outcome : next_outcomes(static_cast<int>(trials.runs.size()), run_one)) {
      const bool measured = !outcome.run.trial.lr.empty();
      if (!outcome.failure.empty()) {
        // What was measured is written before the error is reported.
        trials.failure = Error(outcome.failure_kind, outcome.failure);
        if (!measured && trials.runs.empty()) throw *trials.failure;
      }
      const bool interrupted = outcome.run.trial.stopped == Stopped::interrupted;
      if (measured) trials.runs.push_back(std::move(outcome.run));
      if (interrupted || trials.failure) {
        trials.seconds = seconds_since(begin);
        return trials;
      }
      trials.complete = sure(trials.runs, analysis);
      if (trials.complete) break;
    }
  }
  trials.seconds = seconds_since(begin);
  return trials;
}

}  // namespace lrfind::experiment
