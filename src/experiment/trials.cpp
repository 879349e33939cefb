#include "experiment/trials.hpp"
#include <lrfind/error.hpp>
#include "platform/current_error.hpp"
#include "platform/interrupted.hpp"

#include "experiment/analyse.hpp"
#include "experiment/trial_message.hpp"
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
std::size_t probe_size(const SweepSettings& settings, const Session& session) {
  if (settings.probe) return static_cast<std::size_t>(*settings.probe);
  const auto images = session.images_per_step(settings.session.recipe.batch_size);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(images / 2, 16, 256));
}

bool sure(const std::vector<TrialRun>& runs, const SweepSettings& settings, const SuggestOptions& analysis, Team& team,
          Clock::time_point start) {
  const auto done_trials = static_cast<std::int64_t>(runs.size());
  if (settings.trials) return done_trials >= *settings.trials;
  if (done_trials >= settings.max_trials) return true;
  if (settings.max_seconds > 0 && team.agreed(seconds_since(start) >= settings.max_seconds)) return true;
  if (done_trials < least_trials) return false;
  std::vector<Trial> curves;
  for (const auto& run : runs) curves.push_back(curve_of(run.trial, settings.metric));
  return interval_half_width_decades(lrfind::suggest(curves, analysis)) <= settings.precision_decades;
}

// The trial of this number; where ranks share trials, those of as many numbers as there are ranks, one by each.
std::vector<TrialOutcome> next_outcomes(int number, const SweepSettings& settings, Team& team,
                                        const std::stop_token& stop, const std::function<TrialOutcome(int)>& run) {
  if (!team.shares_trials()) return {run(number)};
  const int own = number + team.rank();
  TrialOutcome outcome;
  outcome.run.trial.stopped = Stopped::interrupted;
  const bool wanted = own < settings.trials.value_or(settings.max_trials);
  if (wanted && !team.stop_now(stop)) outcome = run(own);
  std::vector<TrialOutcome> outcomes;
  for (const auto& bytes : team.exchange(to_bytes(outcome), Team::Waiting::as_long_as_alive))
    outcomes.push_back(outcome_of(bytes));
  return outcomes;
}

// Takes in what became of a trial. Returns whether there may be another.
bool take(TrialOutcome& outcome, Trials& trials) {
  const bool measured = !outcome.run.trial.lr.empty();
  if (!outcome.failure.empty()) {
    // What was measured is written before the error is reported.
    trials.failure = Error(outcome.failure_kind, outcome.failure);
    if (!measured && trials.runs.empty()) throw Error(*trials.failure);
  }
  const bool interrupted = outcome.run.trial.stopped == Stopped::interrupted;
  if (measured) trials.runs.push_back(std::move(outcome.run));
  return !interrupted && !trials.failure;
}

}  // namespace

Trials run_trials(const RunTrial& run_trial, const SweepSettings& settings, std::uint64_t seed,
                  const SuggestOptions& analysis, std::int64_t images_per_step, Team& team, const std::stop_token& stop,
                  Clock::time_point start, report::Progress& progress) {
  Trials trials;
  const auto begin = Clock::now();
  std::int64_t images = 0;
  const auto run_one = [&](int number) {
    TrialOutcome outcome;
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
           .steps = static_cast<int>(settings.steps.value()),
           .trial = number + 1,
           .trials = static_cast<int>(planned),
           .lr = lr,
           .smoothed_loss = smooth(losses, settings.smoothing).back(),
           .images_per_s = images > 0 ? static_cast<double>(images) / seconds_since(begin) : report::not_measured});
    };
    try {
      outcome.run = run_trial(number, on_step);
      return outcome;
    } catch (const Interrupted&) {
      if (team.alone()) throw;  // elsewhere another rank was
    } catch (...) {
      const Error error = current_error();
      outcome.failure_kind = error.kind();
      outcome.failure = error.what();
      if (!team.shares_trials()) team.abandon(error.kind(), error.what());
    }
    drop_unmeasured(partial);
    outcome.run.trial = partial;
    return outcome;
  };
  bool more = true;
  while (more && !trials.complete && (team.shares_trials() || !team.stop_now(stop))) {
    for (auto& outcome : next_outcomes(static_cast<int>(trials.runs.size()), settings, team, stop, run_one)) {
      more = take(outcome, trials);
      trials.complete = more && sure(trials.runs, settings, analysis, team, start);
      if (!more || trials.complete) break;
    }
  }
  trials.seconds = seconds_since(begin);
  return trials;
}

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
  // Validation measures the weights as they are, so nothing may have run ahead of it.
  const int ahead = measuring_.validation != nullptr ? 0 : engine.ahead();
  run.trial = range_test(
      StepsAhead{submit, collect, ahead}, options, [this] { return session_.stop_now(); }, on_step);
  run.timing.steps = engine.times();
  return run;
}

Trials TrialRunner::run(std::int64_t batch_size, int accumulate, const SuggestOptions& analysis) {
  report::Progress progress(progress_);
  return run_trials(
      [&](int number, const OnStep& on_step) { return run_trial(number, batch_size, accumulate, on_step); }, settings_,
      session_.seed(), analysis, session_.images_per_step(batch_size), session_.team(), session_.stop(), start_,
      progress);
}

}  // namespace lrfind::experiment
