// Steps that are replayed. No GPU is needed: a recording is stood in for by calling the work again, which shows whether
// recording leaves a trace, whether what is recorded is used, and whether everything stays where a recording finds it.
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

ImageBatch batch_of(std::uint64_t seed, int size = 8) {
  auto generator = at::detail::createCPUGenerator(seed);
  return {torch::randint(0, 256, {size, side, side, 1}, generator, torch::kByte),
          torch::randint(0, classes, {size}, generator, torch::kLong)};
}

// Counts recordings and replays.
struct Tape {
  int recordings = 0, replays = 0;
  bool broken = false, draws_too_many = false;

  class Called : public Replay {
   public:
    Called(Tape& tape, std::function<void()> work) : tape_(tape), work_(std::move(work)) {}
    void run() override {
      ++tape_.replays;
      if (!tape_.broken) work_();
      if (tape_.draws_too_many) torch::rand({1});
    }

   private:
    Tape& tape_;
    std::function<void()> work_;
  };

  Recorder recorder() {
    return [this](const std::function<void()>& work, const torch::Device&, std::string&) {
      for (int warm_up = 0; warm_up < 3; ++warm_up) work();
      ++recordings;
      return std::unique_ptr<Replay>(std::make_unique<Called>(*this, work));
    };
  }
};

struct Training {
  std::string network = "small-cnn";
  Recipe recipe;
  bool probe = true, prepared = false;
};

// Every number that two training runs of one trainer measure, NaN as -1.
std::vector<double> numbers_of(const Training& run, const Recorder& recorder, std::string* obstacle = nullptr) {
  const auto network =
      model::make_builtin(run.network, {.channels = 1, .height = side, .width = side, .classes = classes});
  Trainer trainer(*network, run.recipe, grey, torch::kCPU, torch::MemoryFormat::ChannelsLast, recorder);
  std::vector<double> numbers;
  std::uint64_t seed = 0;
  for (int training = 0; training < 2; ++training) {
    trainer.start(3, true);
    trainer.set_probe(run.probe ? batch_of(99) : ImageBatch{});
    const auto batches = [&] {
      std::vector<ImageBatch> list;
      for (int i = 0; i < run.recipe.accumulate; ++i) list.push_back(batch_of(seed++));
      return list;
    };
    if (run.prepared) {
      trainer.prepare(std::vector<ImageBatch>(static_cast<std::size_t>(run.recipe.accumulate), batch_of(77)), true);
    }
    for (int step = 0; step < 5; ++step) {
      const auto m = trainer.step(batches(), 0.01 * (step + 1), step != 1);
      for (const double number : {m.loss, m.probe_loss, m.gain_ratio, m.alignment_of_previous}) {
        numbers.push_back(std::isnan(number) ? -1 : number);
      }
    }
    const auto found = trainer.evaluate({batch_of(98)});
    numbers.insert(numbers.end(), {found.loss, found.accuracy});
  }
  if (obstacle != nullptr) *obstacle = trainer.replay_obstacle();
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
    Tape tape;
    const Training run{.recipe = recipe, .prepared = prepared};
    EXPECT_EQ(numbers_of(run, tape.recorder()), numbers_of(run, {}));
    EXPECT_EQ(tape.recordings, 3);  // the step, the gain ratio, the probe loss: for both training runs
    // Each checked once; 10 steps of two trainings, 2 of them without a gain ratio.
    EXPECT_EQ(tape.replays, 3 + 10 + 8 + 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Replayed,
                         testing::Values(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw,
                                         OptimizerKind::rmsprop, OptimizerKind::adagrad));

TEST(Repeated, NetworksThatDrawRandomNumbersDrawTheSame) {
  Tape tape;
  const Training run{.network = "mobilenet", .recipe = {}};
  EXPECT_EQ(numbers_of(run, tape.recorder()), numbers_of(run, {}));
  EXPECT_EQ(tape.recordings, 3);
}

TEST(Repeated, ARecordingThatDrawsOtherRandomNumbersIsNotUsed) {
  Tape tape;
  tape.draws_too_many = true;
  std::string obstacle;
  const Training run{.network = "mobilenet", .recipe = {}};
  EXPECT_EQ(numbers_of(run, tape.recorder(), &obstacle), numbers_of(run, {}));
  EXPECT_EQ(obstacle, "its recording draws other random numbers than the plain pass");
}

TEST(Repeated, ARecordingThatGivesAnotherResultIsNotUsed) {
  Tape tape;
  tape.broken = true;
  std::string obstacle;
  const Training run;
  EXPECT_EQ(numbers_of(run, tape.recorder(), &obstacle), numbers_of(run, {}));
  EXPECT_EQ(obstacle, "its recording gave another result than the plain pass");
}

TEST(Repeated, AnotherBatchSizeIsRecordedAnew) {
  const auto network =
      model::make_builtin("small-cnn", {.channels = 1, .height = side, .width = side, .classes = classes});
  Tape tape;
  Trainer trainer(*network, {}, grey, torch::kCPU, torch::MemoryFormat::ChannelsLast, tape.recorder());
  trainer.start(3, true);
  for (const int size : {8, 8, 4, 4}) trainer.step({batch_of(1, size)}, 0.01, false);
  EXPECT_EQ(tape.recordings, 2);
}

TEST(Repeated, UpdateRatiosAreThoseOfPlainSteps) {
  const auto ratios = [](const Recorder& recorder) {
    const auto network =
        model::make_builtin("small-cnn", {.channels = 1, .height = side, .width = side, .classes = classes});
    Trainer trainer(*network, {}, grey, torch::kCPU, torch::MemoryFormat::ChannelsLast, recorder);
    trainer.start(3, true);
    trainer.step({batch_of(0)}, 0.01, false);  // recorded without them
    trainer.record_update_ratios(true);
    std::vector<std::vector<double>> list;
    for (std::uint64_t step = 1; step < 4; ++step) {
      trainer.step({batch_of(step)}, 0.01 * static_cast<double>(step), false);
      list.push_back(trainer.update_ratios());
      EXPECT_EQ(list.back().size(), trainer.trained().size());
    }
    return list;
  };
  Tape tape;
  EXPECT_EQ(ratios(tape.recorder()), ratios({}));
  EXPECT_EQ(tape.recordings, 2);
}

}  // namespace
}  // namespace lrfind::train
