#include "report/axis.hpp"

#include "report/example.hpp"

#include <gtest/gtest.h>

namespace lrfind::report {
namespace {

std::string labels(const std::vector<Tick>& ticks) {
  std::string text;
  for (const Tick& tick : ticks) text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

TEST(Axis, LossTicksAreRoundNumbers) {
  EXPECT_EQ(labels(linear_ticks({0.61, 2.94}, 5)), "1.0 1.5 2.0 2.5");
  EXPECT_EQ(labels(linear_ticks({0, 10}, 5)), "0 2 4 6 8 10");
  EXPECT_EQ(labels(linear_ticks({0.0012, 0.0041}, 4)), "0.002 0.003 0.004");
  EXPECT_EQ(labels(linear_ticks({-1, 1}, 2)), "-1 0 1");
}

TEST(Axis, RateTicksAreDecades) {
  EXPECT_EQ(labels(decade_ticks({1e-7, 10})), "1e-7 1e-6 1e-5 1e-4 1e-3 1e-2 1e-1 1e0 1e1");
  EXPECT_EQ(labels(decade_ticks({3e-3, 0.25})), "5e-3 1e-2 2e-2 5e-2 1e-1 2e-1") << "finer where decades are few";
}

TEST(Axis, TheExplosionDoesNotFlattenTheFall) {
  Result result = example_result();
  const double highest = *std::max_element(result.curve.loss.begin(), result.curve.loss.end());
  ASSERT_GT(highest, 1000);
  const Range range = loss_range({{"", result}});
  EXPECT_GT(range.hi, 2.5) << "where the loss starts is shown";
  EXPECT_LT(range.hi, 3.5);
  EXPECT_LT(range.lo, 0.7);
  EXPECT_GT(range.lo, 0.4);
}

TEST(Axis, EveryCurveHasARange) {
  Result flat;
  flat.curve.lr = {0.1, 0.2};
  flat.curve.loss = {2, 2};
  EXPECT_LT(loss_range({{"", flat}}).lo, loss_range({{"", flat}}).hi);
  flat.curve.loss = {not_measured, not_measured};
  EXPECT_LT(loss_range({{"", flat}}).lo, loss_range({{"", flat}}).hi);
  flat.curve.lr = {0.1};
  flat.curve.loss = {0};
  EXPECT_LT(loss_range({{"", flat}}).lo, loss_range({{"", flat}}).hi);
  EXPECT_LT(rate_range({{"", flat}}).lo, rate_range({{"", flat}}).hi);
}

}  // namespace
}  // namespace lrfind::report
