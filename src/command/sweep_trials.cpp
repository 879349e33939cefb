#include "command/sweep_trials.hpp"

#include "command/interrupt.hpp"

#include <chrono>

namespace lrfind::command {

namespace {

// Adds the time from its making to its end to a counter.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::vector<train::Images> views(const std::vector<data::Batch>& batches) {
  std::vector<train::Images> result;
  result.reserve(batches.size());
  for (const auto& batch : batches) result.push_back(view(batch));
  return result;
}

std::vector<data::Batch> next_batches(data::Loader& loader, int count) {
  std::vector<data::Batch> batches;
  for (int i = 0; i < count; ++i) batches.push_back(loader.next());
  return batches;
}

}  // namespace

TrialRun run_trial(Session& session, const RangeTestOptions& options, std::int64_t batch_size, int accumulate,
                   const Measuring& measuring, const OnStep& on_step, Trial* partial) {
  TrialRun run;
  const auto loader = session.loader(
      options.seed, static_cast<std::uint64_t>(options.steps) * static_cast<std::uint64_t>(accumulate), batch_size);
  session.start(options.seed);
  auto& engine = session.engine();
  engine.record_update_ratios(measuring.update_ratios);
  int step_number = 0;

  const auto step = [&](double lr) {
    std::vector<data::Batch> batches;
    try {
      const Stopwatch watch(run.timing.data_wait_s);
      batches = next_batches(*loader, accumulate);
    } catch (const data::Interrupted&) {
      throw StepInterrupted();
    }
    Measurement measured;
    {
      const Stopwatch watch(run.timing.train_s);
      measured = engine.step(views(batches), lr, measuring.gain_ratio);
    }
    for (const auto& batch : batches) run.images += batch.size;
    if (measuring.probe != nullptr) {
      const Stopwatch watch(run.timing.probe_s);
      measured.probe_loss = engine.probe(view(*measuring.probe));
    }
    ++step_number;
    if (measuring.validation != nullptr &&
        (step_number % measuring.validate_every == 0 || step_number == options.steps)) {
      const Stopwatch watch(run.timing.validation_s);
      const auto evaluation = engine.evaluate(views(*measuring.validation));
      measured.val_loss = evaluation.loss;
      measured.val_accuracy = evaluation.accuracy;
    }
    if (measuring.update_ratios) run.update_ratios.push_back(engine.update_ratios());
    return measured;
  };
  const auto note_step = [&](int number, double lr, const Measurement& measured) {
    if (partial != nullptr) {
      partial->seed = options.seed;
      partial->lr.push_back(lr);
      partial->loss.push_back(measured.loss);
      partial->stopped = Stopped::interrupted;
    }
    if (on_step) on_step(number, lr, measured);
  };
  run.trial = range_test(MeasuredStep(step), options, interrupt_requested, note_step);
  return run;
}

}  // namespace lrfind::command
