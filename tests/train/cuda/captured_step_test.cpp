// Steps that are replayed. No GPU is needed: instead of a CUDA graph the work is called again, which shows whether
// capturing leaves a trace, whether what is captured is used, and whether everything stays where a graph finds it.
#include "train/cuda/captured_step.hpp"

#include "model/builtin.hpp"
#include "train/random_state.hpp"
#include "train/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lrfind::train {
namespace {

constexpr int classes = 4, side = 8;
const Normalisation grey{{0.5}, {0.25}};

ByteTensors batch_of(std::uint64_t seed, int size = 8) {
  auto generator = at::detail::createCPUGenerator(seed);
  return {torch::randint(0, 256, {size, side, side, 1}, generator, torch::kByte),
          torch::randint(0, classes, {size}, generator, torch::kLong)};
}

// Counts captures and replays.
struct CountingGraphs {
  int captures = 0, replays = 0;
  bool broken = false, draws_too_many = false;

  class Call : public CudaGraph {
   public:
    Call(CountingGraphs& graphs, std::function<void()> work) : graphs_(graphs), work_(std::move(work)) {}
    void replay() override {
      ++graphs_.replays;
      if (!graphs_.broken) work_();
      if (graphs_.draws_too_many) torch::rand({1});
    }

   private:
    CountingGraphs& graphs_;
    std::function<void()> work_;
  };

  GraphCapture capture() {
    return [this](const std::function<void()>& work, const torch::Device&, std::string&) {
      for (int warm_up = 0; warm_up < 3; ++warm_up) work();
      ++captures;
      return std::unique_ptr<CudaGraph>(std::make_unique<Call>(*this, work));
    };
  }
};

constexpr int steps = 10;  // of two training runs

struct Training {
  std::string network = "small-cnn";
  Recipe recipe;
  bool probe = true, prepared = false;
};

// Every number that two training runs of one trainer measure, NaN as -1.
std::vector<double> numbers_of(const Training& run, const GraphCapture& capture, std::string* reason = nullptr) {
  const auto network =
      model::make_builtin(run.network, {.channels = 1, .height = side, .width = side, .classes = classes});
  Trainer trainer(*network, run.recipe, grey, torch::kCPU, torch::MemoryFormat::ChannelsLast, capture);
  std::vector<double> numbers;
  std::uint64_t seed = 0;
  for (int training = 0; training < 2; ++training) {
    trainer.start(3, true);
    trainer.set_probe(run.probe ? batch_of(99) : ByteTensors{});
    const auto batches = [&] {
      std::vector<ByteTensors> list;
      for (int i = 0; i < run.recipe.accumulate; ++i) list.push_back(batch_of(seed++));
      return list;
    };
    if (run.prepared) {
      trainer.prepare(std::vector<ByteTensors>(static_cast<std::size_t>(run.recipe.accumulate), batch_of(77)), true);
    }
    for (int step = 0; step < steps / 2; ++step) {
      const auto m = trainer.step(batches(), 0.01 * (step + 1), step != 1);
      for (const double number : {m.loss, m.probe_loss, m.gain_ratio, m.alignment_of_previous}) {
        numbers.push_back(std::isnan(number) ? -1 : number);
      }
    }
    const auto found = trainer.evaluate({batch_of(98)});
    numbers.insert(numbers.end(), {found.loss, found.accuracy});
  }
  if (reason != nullptr) *reason = trainer.not_captured_because();
  return numbers;
}

class Replayed : public testing::TestWithParam<OptimizerKind> {};

TEST_P(Replayed, StepsMeasureWhatPlainStepsMeasure) {
  Recipe recipe;
  recipe.optimizer.kind = GetParam();
  recipe.optimizer.weight_decay = 0.01;
  recipe.accumulate = 2;
  recipe.grad_clip = 0.5;
  recipe.lr_mult = {{"conv1", 0.5}};
  for (const bool prepared : {false, true}) {
    CountingGraphs graphs;
    const Training run{.recipe = recipe, .prepared = prepared};
    EXPECT_EQ(numbers_of(run, graphs.capture()), numbers_of(run, {}));
    EXPECT_GE(graphs.replays, steps) << "every step is replayed";
    EXPECT_LT(graphs.captures, steps) << "and what was captured serves both training runs";
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Replayed,
                         testing::Values(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw,
                                         OptimizerKind::nadam, OptimizerKind::radam, OptimizerKind::rmsprop,
                                         OptimizerKind::adagrad, OptimizerKind::lion, OptimizerKind::lars,
                                         OptimizerKind::lamb));

TEST(CapturedStep, NetworksThatDrawRandomNumbersDrawTheSame) {
  CountingGraphs graphs;
  const Training run{.network = "mobilenet", .recipe = {}};
  EXPECT_EQ(numbers_of(run, graphs.capture()), numbers_of(run, {}));
  EXPECT_GE(graphs.replays, steps);
}

TEST(CapturedStep, AGraphThatDrawsOtherRandomNumbersIsNotUsed) {
  CountingGraphs graphs;
  graphs.draws_too_many = true;
  std::string reason;
  const Training run{.network = "mobilenet", .recipe = {}};
  EXPECT_EQ(numbers_of(run, graphs.capture(), &reason), numbers_of(run, {}));
  EXPECT_EQ(reason, "its CUDA graph draws other random numbers than the plain pass");
}

TEST(CapturedStep, AGraphThatGivesAnotherResultIsNotUsed) {
  CountingGraphs graphs;
  graphs.broken = true;
  std::string reason;
  const Training run;
  EXPECT_EQ(numbers_of(run, graphs.capture(), &reason), numbers_of(run, {}));
  EXPECT_EQ(reason, "its CUDA graph gave another result than the plain pass");
}

TEST(CapturedStep, BatchesOfAnotherSizeMeasureWhatPlainStepsMeasure) {
  const auto losses = [](const GraphCapture& capture) {
    const auto network =
        model::make_builtin("small-cnn", {.channels = 1, .height = side, .width = side, .classes = classes});
    Trainer trainer(*network, {}, grey, torch::kCPU, torch::MemoryFormat::ChannelsLast, capture);
    trainer.start(3, true);
    std::vector<double> list;
    for (const int size : {8, 8, 4, 4, 8}) list.push_back(trainer.step({batch_of(1, size)}, 0.01, false).loss);
    return list;
  };
  CountingGraphs graphs;
  EXPECT_EQ(losses(graphs.capture()), losses({}));
  EXPECT_GT(graphs.replays, 0);
}

TEST(CapturedStep, UpdateRatiosAreThoseOfPlainSteps) {
  const auto ratios = [](const GraphCapture& capture) {
    const auto network =
        model::make_builtin("small-cnn", {.channels = 1, .height = side, .width = side, .classes = classes});
    Trainer trainer(*network, {}, grey, torch::kCPU, torch::MemoryFormat::ChannelsLast, capture);
    trainer.start(3, true);
    trainer.step({batch_of(0)}, 0.01, false);  // captured without them
    trainer.record_update_ratios(true);
    std::vector<std::vector<double>> list;
    for (std::uint64_t step = 1; step < 4; ++step) {
      trainer.step({batch_of(step)}, 0.01 * static_cast<double>(step), false);
      list.push_back(trainer.update_ratios());
      EXPECT_EQ(list.back().size(), trainer.trained().size());
    }
    return list;
  };
  CountingGraphs graphs;
  EXPECT_EQ(ratios(graphs.capture()), ratios({}));
  EXPECT_GT(graphs.replays, 0);
}

}  // namespace
}  // namespace lrfind::train
