#include <gtest/gtest.h>
#include <lrfind/range_test.hpp>

#include <cmath>
#include <stdexcept>

using lrfind::learning_rates;
using lrfind::RangeTestOptions;
using lrfind::Spacing;

TEST(LearningRates, AreGeometricWithBothEndsExact) {
  const auto rates = learning_rates({.min_lr = 1e-7, .max_lr = 10, .steps = 100});
  ASSERT_EQ(rates.size(), 100U);
  EXPECT_EQ(rates.front(), 1e-7);
  EXPECT_EQ(rates.back(), 10);
  const double ratio = std::pow(1e8, 1.0 / 99);
  for (std::size_t i = 1; i < rates.size(); ++i) EXPECT_NEAR(rates[i] / rates[i - 1], ratio, 1e-12);
}

TEST(LearningRates, AreEvenWhenLinear) {
  const auto rates = learning_rates({.min_lr = 0.5, .max_lr = 2.5, .steps = 5, .spacing = Spacing::linear});
  EXPECT_EQ(rates, (std::vector<double>{0.5, 1.0, 1.5, 2.0, 2.5}));
}

TEST(LearningRates, RefuseBoundsThatCannotBeSwept) {
  EXPECT_THROW(learning_rates({.min_lr = 0}), std::invalid_argument);
  EXPECT_THROW(learning_rates({.min_lr = 1, .max_lr = 1}), std::invalid_argument);
  EXPECT_THROW(learning_rates({.min_lr = 1, .max_lr = INFINITY}), std::invalid_argument);
  EXPECT_THROW(learning_rates({.min_lr = NAN}), std::invalid_argument);
  EXPECT_THROW(learning_rates({.steps = 1}), std::invalid_argument);
}
