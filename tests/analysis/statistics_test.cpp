#include "analysis/statistics.hpp"

#include <gtest/gtest.h>

#include <random>

namespace lrfind::analysis {
namespace {

TEST(Statistics, QuantilesAreNumpys) {
  // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, .25, .5, .9, 1])
  const std::vector<double> values = {3, 1, 4, 1, 5, 9, 2, 6};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 3.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0.9), 6.9);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 9);
}

TEST(Statistics, StandardDeviationDividesByOneLess) {
  // numpy.std([3, 1, 4, 1, 5], ddof=1)
  EXPECT_NEAR(standard_deviation({3, 1, 4, 1, 5}), 1.7888543819998317, 1e-14);
  EXPECT_EQ(standard_deviation({3}), 0);
}

TEST(StepNoise, FindsTheNoiseUnderATrendAndSpikes) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise(0, 0.2);
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(0.01 * i + noise(random) + (i % 50 == 0 ? 100 : 0));
  EXPECT_NEAR(step_noise(values), 0.2, 0.02);
}

TEST(CentredSmooth, HasNoLagAndForgetsASpike) {
  std::vector<double> values;
  for (int i = 0; i < 50; ++i) values.push_back(i);
  values[25] = 1000;
  const std::vector<double> smoothed = centred_smooth(values, 9);
  EXPECT_DOUBLE_EQ(smoothed[15], 15);
  EXPECT_NEAR(smoothed[25], 25, 1);
}

TEST(StudentT, HasTheTabulatedQuantiles) {
  // scipy.stats.t.ppf(0.95, [1, 2, 5, 10, 11, 20, 100])
  EXPECT_NEAR(student_t_95(1), 6.3138, 1e-4);
  EXPECT_NEAR(student_t_95(2), 2.9200, 1e-4);
  EXPECT_NEAR(student_t_95(5), 2.0150, 1e-4);
  EXPECT_NEAR(student_t_95(10), 1.8125, 1e-4);
  EXPECT_NEAR(student_t_95(11), 1.7959, 1e-4);
  EXPECT_NEAR(student_t_95(20), 1.7247, 1e-4);
  EXPECT_NEAR(student_t_95(100), 1.6602, 1e-4);
}

TEST(HalfWidth, JoinsWhatIsSeenWithWhatIsUsual) {
  // scipy: t.ppf(0.95, 6) * sqrt((3 * var([1, 2, 3, 6], ddof=1) + 3 * 0.5**2) / 6 / 4)
  EXPECT_NEAR(half_width_90({1, 2, 3, 6}, 0.5, 3), 1.523363283414, 1e-9);
  EXPECT_GT(half_width_90({1, 1}, 0.5, 3), 0.3) << "two values that agree are not certain";
}

}  // namespace
}  // namespace lrfind::analysis
