#include "experiment/first_rate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lrfind::experiment {
namespace {

TEST(FirstRate, IsWhereAStepWouldLowerTheLossByATenThousandth) {
  // A step at 1e-3 predicts a tenth: a ten-thousandth is predicted at 1e-6.
  EXPECT_NEAR(std::log10(first_rate(0.1, 1e-3, 10)), -6, 1e-9);
}

TEST(FirstRate, IsRoundedDownToHalfADecadeSoThatSeedsAgree) {
  for (const double share : {0.11, 0.2, 0.3}) EXPECT_NEAR(std::log10(first_rate(share, 1e-3, 10)), -6.5, 1e-9);
  EXPECT_NEAR(std::log10(first_rate(0.09, 1e-3, 10)), -6, 1e-9);
}

TEST(FirstRate, FollowsNetworksWhoseRatesAreOutOfTheUsual) {
  EXPECT_NEAR(std::log10(first_rate(1e5, 1e-3, 10)), -12, 1e-9);
  EXPECT_NEAR(std::log10(first_rate(1e-6, 1e-3, 10)), -1, 1e-9);
}

TEST(FirstRate, LeavesTwoDecadesToTheLastRate) { EXPECT_NEAR(first_rate(1e-9, 1e-3, 10), 0.1, 1e-9); }

TEST(FirstRate, IsTheUsualOneWhereAStepPredictsNothing) {
  for (const double share : {0.0, -0.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(first_rate(share, 1e-3, 10), 1e-7);
  }
  EXPECT_NEAR(first_rate(0, 1e-3, 1e-6), 1e-8, 1e-15);
}

TEST(UsualFirstRate, LeavesWhatWasGiven) {
  SweepSettings settings;
  settings.min_lr = 1e-3;
  settings.steps = 30;
  const auto same = with_usual_first_rate(settings);
  EXPECT_EQ(same.min_lr, 1e-3);
  EXPECT_EQ(same.steps, 30);
  const auto usual = with_usual_first_rate({});
  EXPECT_EQ(usual.min_lr, 1e-7);
  EXPECT_EQ(usual.steps, 100);
}

}  // namespace
}  // namespace lrfind::experiment
