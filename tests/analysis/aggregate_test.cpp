#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <lrfind/suggest.hpp>

namespace lrfind {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Trial trial(std::vector<double> lr, std::vector<double> loss, Stopped stopped = Stopped::completed) {
  Trial made;
  made.lr = std::move(lr);
  made.loss = std::move(loss);
  made.stopped = stopped;
  return made;
}

TEST(Aggregate, AveragesTheTrialsThatReachedARate) {
  const Trial mean = aggregate({trial({0.1, 1, 10}, {3, 2, 5}), trial({0.1, 1}, {5, 4}, Stopped::diverged)});
  EXPECT_EQ(mean.lr, (std::vector<double>{0.1, 1, 10}));
  EXPECT_EQ(mean.loss, (std::vector<double>{4, 3, 5}));
  EXPECT_EQ(mean.stopped, Stopped::diverged);
}

TEST(Aggregate, LeavesOutWhatIsNotFinite) {
  const Trial mean = aggregate({trial({0.1, 1}, {3, nan}), trial({0.1, 1}, {nan, nan})});
  EXPECT_EQ(mean.loss[0], 3);
  EXPECT_TRUE(std::isnan(mean.loss[1]));
}

TEST(Aggregate, AveragesAMeasurementOverTheTrialsThatMadeIt) {
  Trial with = trial({0.1, 1}, {3, 2});
  with.probe_loss = {2.5, nan};
  const Trial mean = aggregate({with, trial({0.1, 1}, {5, 4})});
  EXPECT_EQ(mean.probe_loss[0], 2.5);
  EXPECT_TRUE(std::isnan(mean.probe_loss[1]));
  EXPECT_TRUE(mean.gain_ratio.empty());
}

TEST(Aggregate, PutsOtherRatesOnTheLongestTrialsByTheirLogarithm) {
  const Trial mean = aggregate({trial({0.1, 1, 10}, {3, 2, 1}), trial({0.1, 10}, {5, 1})});
  EXPECT_DOUBLE_EQ(mean.loss[0], 4);
  EXPECT_DOUBLE_EQ(mean.loss[1], 2.5);  // (2 + 3) / 2: 1 is halfway from 0.1 to 10
  EXPECT_DOUBLE_EQ(mean.loss[2], 1);
}

TEST(Aggregate, OfNothingIsAnEmptyTrial) { EXPECT_TRUE(aggregate({}).lr.empty()); }

TEST(Stopped, HasTheWordsOfTheResultFile) {
  EXPECT_EQ(to_string(Stopped::completed), "completed");
  EXPECT_EQ(to_string(Stopped::diverged), "diverged");
  EXPECT_EQ(to_string(Stopped::interrupted), "interrupted");
}

}  // namespace
}  // namespace lrfind
