#include "analysis/power_law.hpp"

#include <gtest/gtest.h>

#include <cmath>

using lrfind::analysis::fit_power_law;

TEST(PowerLaw, FindsTheExponentOfAnExactLaw) {
  const auto law = fit_power_law({16, 32, 64, 128}, {0.4, 0.8, 1.6, 3.2}, {0.1, 0.1, 0.1, 0.1});
  ASSERT_TRUE(law);
  EXPECT_NEAR(law->exponent, 1, 1e-12);
  EXPECT_NEAR(law->factor, 0.025, 1e-12);
  // sd of the slope of four points spaced log10(2): 0.1 / sqrt(5 log10(2)^2), times 1.645
  EXPECT_NEAR(law->interval.hi - law->exponent, 1.645 * 0.1 / (std::sqrt(5.0) * std::log10(2.0)), 1e-9);
}

TEST(PowerLaw, WidensItsIntervalWhenPointsScatterMoreThanTheyShould) {
  const auto tight = fit_power_law({10, 100, 1000}, {1, 10, 100}, {0.01, 0.01, 0.01});
  const auto loose = fit_power_law({10, 100, 1000}, {1, 30, 100}, {0.01, 0.01, 0.01});
  ASSERT_TRUE(tight && loose);
  EXPECT_NEAR(loose->exponent, 1, 1e-12);
  EXPECT_GT(loose->interval.hi - loose->interval.lo, 10 * (tight->interval.hi - tight->interval.lo));
}

TEST(PowerLaw, ListensMoreToPointsThatAreSurer) {
  const auto law = fit_power_law({1, 10, 100}, {1, 10, 1}, {0.01, 0.01, 10});
  ASSERT_TRUE(law);
  EXPECT_NEAR(law->exponent, 1, 1e-3);
}

TEST(PowerLaw, NeedsTwoDifferentPoints) {
  EXPECT_FALSE(fit_power_law({64}, {1}, {0.1}));
  EXPECT_FALSE(fit_power_law({64, 64}, {1, 2}, {0.1, 0.1}));
}
