#include "verify/candidate_training.hpp"
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::verify {

using experiment::batch_views;
using experiment::next_batches;

namespace {

constexpr std::size_t plateau_limit = 1000;

// Runs to be pruned are looked for here.
bool at_rung(const train::Schedule& schedule, int step) {
  return step == schedule.steps / 4 || step == schedule.steps / 2;
}

double mean_of_last_tenth(const std::vector<double>& losses) {
  const std::size_t tail = std::max<std::size_t>(losses.size() / 10, 1);
  double mean = 0;
  for (std::size_t i = losses.size() - tail; i < losses.size(); ++i) mean += losses[i] / static_cast<double>(tail);
  return mean;
}

}  // namespace

CandidateTrainer::CandidateTrainer(Session& session, const VerifyOptions& options)
    : session_(session),
      batch_size_(options.batch_size),
      evaluations_(options.evaluations),
      validation_(session.validation_batches(options.val_limit)) {
  std::int64_t images = 0;
  for (const auto& batch : validation_) images += batch.size;
  val_images_ = static_cast<std::size_t>(session.team().parts() > 1 ? session.team().sum(images) : images);
  if (val_images_ == 0) {
    throw usage_error("there are no validation images to verify on; raise --val-split above 0");
  }
}

TrainingRun CandidateTrainer::train(const train::Schedule& schedule, std::uint64_t seed, const TrainingRun* rival,
                                    const OnStep& on_step) {
  TrainingRun run;
  run.seed = seed;
  const int accumulate = session_.accumulate();
  const auto loader = session_.loader(
      seed, static_cast<std::uint64_t>(schedule.steps) * static_cast<std::uint64_t>(accumulate), batch_size_);
  session_.start(seed);
  auto& engine = session_.engine();
  engine.set_probe({});
  engine.record_update_ratios(false);
  train::ScheduledRate rate(schedule);
  const auto evaluated = evaluated_steps(schedule);
  train::Evaluation sum;
  const auto evaluate = [&] {
    const auto now = engine.evaluate(batch_views(validation_));
    sum.loss += now.loss;
    sum.accuracy += now.accuracy;
  };

  const auto submit = [&](int step) {
    if (session_.stop_now()) throw Interrupted();
    const auto batches = next_batches(*loader, accumulate);
    engine.submit(batch_views(batches), rate.at(step), false);
  };
  // Whether the weights are looked at after this step, so that no other may have begun. That a run diverges is not
  // known beforehand: on a GPU, what is looked at then is a few steps later.
  const auto is_looked_at = [&](int step) {
    return evaluated.contains(step + 1) || rate.checks_after(step) || at_rung(schedule, step + 1);
  };
  int begun = 0;
  const auto may_begin = [&](int step) {
    return begun < schedule.steps && begun <= step + engine.ahead() && (begun == step || !is_looked_at(begun - 1));
  };
  try {
    for (int step = 0; step < schedule.steps && run.end == RunEnd::completed; ++step) {
      for (; may_begin(step); ++begun) submit(begun);
      const double loss = engine.collect().loss;
      run.losses.push_back(loss);
      run.steps = step + 1;
      on_step(run.steps, rate.at(step), loss);
      if (!std::isfinite(loss)) {
        run.end = RunEnd::diverged;
      } else if (rival != nullptr && at_rung(schedule, run.steps) && should_prune(run.losses, rival->losses)) {
        run.end = RunEnd::pruned;
      }
      if (run.end == RunEnd::completed && evaluated.contains(run.steps)) evaluate();
      if (rate.checks_after(step)) rate.observe(engine.evaluate(batch_views(plateau_images())).loss);
    }
  } catch (const Interrupted&) {
    run.end = RunEnd::interrupted;
    return run;
  }
  run.train_loss = mean_of_last_tenth(run.losses);
  if (run.end != RunEnd::completed) {  // as it is where it ended
    sum = {};
    evaluate();
  }
  const double evaluations = run.end == RunEnd::completed ? static_cast<double>(evaluated.size()) : 1;
  run.val_loss = sum.loss / evaluations;
  run.val_accuracy = sum.accuracy / evaluations;
  return run;
}

// The last step, and at a constant rate, whose accuracy wanders, more of them evenly over the last fifth.
std::set<int> CandidateTrainer::evaluated_steps(const train::Schedule& schedule) const {
  const bool wanders = train::use_of(schedule.kind) == train::ScheduleUse::constant;
  const int evaluations = wanders ? evaluations_ : 1;
  std::set<int> steps;
  for (int i = 0; i < evaluations; ++i) steps.insert(schedule.steps - i * (schedule.steps / 5) / evaluations);
  return steps;
}

// Checked so often that a sample of the validation images has to do.
const std::vector<data::Batch>& CandidateTrainer::plateau_images() {
  if (plateau_images_.empty()) plateau_images_ = session_.validation_batches(plateau_limit);
  return plateau_images_;
}

}  // namespace lrfind::verify
