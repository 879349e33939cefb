#include <gtest/gtest.h>
#include <lrfind/range_test.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <random>
#include <stdexcept>
#include <vector>

using lrfind::Measurement;
using lrfind::range_test;
using lrfind::RangeTestOptions;
using lrfind::Stopped;
using lrfind::StopRule;

namespace {

// Gradient descent on f(w) = w^2 / 2, whose update diverges for rates above 2: a sweep whose every number is known.
struct Parabola {
  double w = 1;
  double operator()(double lr) {
    const double loss = w * w / 2;
    w -= lr * w;
    return loss;
  }
};

}  // namespace

TEST(RangeTest, PairsEachRateWithTheLossBeforeItsUpdate) {
  Parabola parabola;
  const auto trial = range_test(parabola, {.min_lr = 0.1, .max_lr = 0.4, .steps = 3, .seed = 7});
  ASSERT_EQ(trial.lr.size(), 3U);
  EXPECT_EQ(trial.seed, 7U);
  EXPECT_DOUBLE_EQ(trial.loss[0], 0.5);
  EXPECT_DOUBLE_EQ(trial.loss[1], 0.5 * 0.9 * 0.9);
  EXPECT_DOUBLE_EQ(trial.loss[2], 0.5 * std::pow(0.9 * 0.8, 2));
  EXPECT_EQ(trial.stopped, Stopped::completed);
  EXPECT_TRUE(trial.probe_loss.empty());
}

TEST(RangeTest, StopsWhenLossDiverges) {
  Parabola parabola;
  const auto trial = range_test(parabola, {.min_lr = 1e-4, .max_lr = 1e4, .steps = 200});
  EXPECT_EQ(trial.stopped, Stopped::diverged);
  EXPECT_LT(trial.lr.size(), 200U);
  EXPECT_GT(trial.lr.back(), 2);
}

TEST(RangeTest, NeverStopsEarlyWhenToldSo) {
  Parabola parabola;
  const auto trial = range_test(parabola, {.min_lr = 1e-4, .max_lr = 1e4, .steps = 200, .stop_factor = 0});
  EXPECT_EQ(trial.lr.size(), 200U);
  EXPECT_EQ(trial.stopped, Stopped::completed);
}

TEST(RangeTest, EndsAsInterruptedWithWhatWasMeasured) {
  int asked = 0;
  Parabola parabola;
  const auto trial = range_test(parabola, {}, [&] { return ++asked > 10; });
  EXPECT_EQ(trial.stopped, Stopped::interrupted);
  EXPECT_EQ(trial.lr.size(), 10U);
}

TEST(RangeTest, PutsAlignmentWithTheStepItIsOf) {
  int n = 0;
  const auto step = [&](double) { return Measurement{.loss = 1, .alignment_of_previous = n++ == 0 ? NAN : 0.1 * n}; };
  const auto trial = range_test(lrfind::MeasuredStep(step), {.steps = 3}, {});
  ASSERT_EQ(trial.alignment.size(), 3U);
  EXPECT_DOUBLE_EQ(trial.alignment[0], 0.2);
  EXPECT_DOUBLE_EQ(trial.alignment[1], 0.1 * 3);
  EXPECT_TRUE(std::isnan(trial.alignment[2]));
}

TEST(RangeTest, LetsAStepEndTheTrialWhileItWaits) {
  int n = 0;
  const auto trial = range_test([&](double) { return ++n > 3 ? throw lrfind::StepInterrupted() : 1.0; });
  EXPECT_EQ(trial.stopped, Stopped::interrupted);
  EXPECT_EQ(trial.lr.size(), 3U);
}

TEST(RangeTest, KeepsMeasurementsTakenAtSomeSteps) {
  int n = 0;
  const auto step = [&](double) { return Measurement{.loss = 1, .gain_ratio = n++ % 2 == 0 ? 0.9 : NAN}; };
  const auto trial = range_test(lrfind::MeasuredStep(step), {.steps = 4}, {});
  ASSERT_EQ(trial.gain_ratio.size(), 4U);
  EXPECT_EQ(trial.gain_ratio[2], 0.9);
  EXPECT_TRUE(std::isnan(trial.gain_ratio[3]));
  EXPECT_TRUE(trial.val_loss.empty());
}

TEST(RangeTest, StepsThatRunAheadGiveTheSameTrial) {
  const RangeTestOptions options{.min_lr = 1e-4, .max_lr = 1e4, .steps = 200};
  const auto plain = range_test(Parabola(), options);
  for (const int ahead : {0, 1, 7, 500}) {
    Parabola parabola;
    std::deque<Measurement> on_the_way;
    std::size_t most = 0;
    const lrfind::StepsAhead steps{[&](double lr) {
                                     on_the_way.push_back({.loss = parabola(lr)});
                                     most = std::max(most, on_the_way.size());
                                   },
                                   [&] {
                                     const auto measured = on_the_way.front();
                                     on_the_way.pop_front();
                                     return measured;
                                   },
                                   ahead};
    const auto trial = range_test(steps, options, {});
    EXPECT_EQ(trial.lr, plain.lr) << ahead;
    EXPECT_EQ(trial.loss, plain.loss) << ahead;
    EXPECT_EQ(trial.stopped, Stopped::diverged) << ahead;
    EXPECT_EQ(most, std::min<std::size_t>(static_cast<std::size_t>(ahead) + 1, 200));
  }
}

TEST(RangeTest, InterruptedWhileStepsRunAheadKeepsAllThatWereBegun) {
  Parabola parabola;
  std::deque<Measurement> on_the_way;
  const lrfind::StepsAhead steps{[&](double lr) { on_the_way.push_back({.loss = parabola(lr)}); },
                                 [&] {
                                   const auto measured = on_the_way.front();
                                   on_the_way.pop_front();
                                   return measured;
                                 },
                                 4};
  int asked = 0;
  const auto trial = range_test(steps, {}, [&] { return ++asked > 10; });
  EXPECT_EQ(trial.stopped, Stopped::interrupted);
  EXPECT_EQ(trial.lr.size(), 10U);
  EXPECT_TRUE(on_the_way.empty());
}

TEST(RangeTest, RefusesAStopFactorBelowOne) {
  EXPECT_THROW(range_test(Parabola{}, {.stop_factor = 0.5}), std::invalid_argument);
}

TEST(StopRule, DoesNotFireOnNoiseOrSpikes) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    StopRule rule(4);
    for (int i = 0; i < 100; ++i) {
      const double noise = std::exp(0.5 * (static_cast<double>(random()) / 4294967296.0 - 0.5));
      const double spike = i % 17 == 16 || i % 17 == 15 ? 50 : 1;  // two in a row
      ASSERT_FALSE(rule.diverged(2.3 * noise * spike)) << "run " << run << ", step " << i;
    }
  }
}

TEST(StopRule, DoesNotFireBelowTheStartingLevel) {
  StopRule rule(4);
  for (int i = 0; i < 30; ++i) ASSERT_FALSE(rule.diverged(2.3));
  for (int i = 0; i < 30; ++i) ASSERT_FALSE(rule.diverged(0.05));  // learned nearly everything
  for (int i = 0; i < 30; ++i) ASSERT_FALSE(rule.diverged(1.5));   // 30 times its best, yet better than at the start
}

TEST(StopRule, FiresWithinThreeStepsOfDivergence) {
  StopRule rule(4);
  for (int i = 0; i < 30; ++i) ASSERT_FALSE(rule.diverged(2.3 - 0.03 * i));
  int steps = 1;
  while (!rule.diverged(40)) ++steps;
  EXPECT_LE(steps, 3);
}

TEST(StopRule, FiresAtOnceOnANonFiniteLoss) {
  EXPECT_TRUE(StopRule(4).diverged(NAN));
  EXPECT_TRUE(StopRule(4).diverged(INFINITY));
}
