#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <lrfind/suggest.hpp>
#include <stdexcept>

namespace lrfind {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Smooth, IsTheDebiasedAverageWorkedByHand) {
  // f = 0.5: a = 1, 2, 5; divided by 1/2, 3/4, 7/8.
  const std::vector<double> smoothed = smooth({2, 3, 8}, 0.5);
  ASSERT_EQ(smoothed.size(), 3U);
  EXPECT_NEAR(smoothed[0], 2, 1e-12);
  EXPECT_NEAR(smoothed[1], 8.0 / 3, 1e-12);
  EXPECT_NEAR(smoothed[2], 40.0 / 7, 1e-12);
}

TEST(Smooth, LeavesAConstantAlone) {
  for (const double value : smooth(std::vector<double>(500, 2.25))) EXPECT_NEAR(value, 2.25, 1e-12);
}

TEST(Smooth, PassesOverWhatIsNotFinite) {
  const std::vector<double> smoothed = smooth({nan, 2, infinity, 3, -infinity, 8, nan}, 0.5);
  EXPECT_TRUE(std::isnan(smoothed[0]));
  EXPECT_NEAR(smoothed[1], 2, 1e-12);
  EXPECT_EQ(smoothed[2], smoothed[1]);
  EXPECT_NEAR(smoothed[3], 8.0 / 3, 1e-12);
  EXPECT_EQ(smoothed[4], smoothed[3]);
  EXPECT_NEAR(smoothed[5], 40.0 / 7, 1e-12);
  EXPECT_EQ(smoothed[6], smoothed[5]);
}

TEST(Smooth, WithFactorZeroIsTheValueItself) { EXPECT_EQ(smooth({1, 5, 2}, 0), (std::vector<double>{1, 5, 2})); }

TEST(Smooth, RefusesAFactorOutsideOfZeroToOne) {
  EXPECT_THROW(smooth({1}, 1), std::invalid_argument);
  EXPECT_THROW(smooth({1}, -0.1), std::invalid_argument);
  EXPECT_THROW(smooth({1}, nan), std::invalid_argument);
}

}  // namespace
}  // namespace lrfind
