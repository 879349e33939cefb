#include "experiment/precision.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lrfind::experiment {
namespace {

using train::Precision;

const std::vector<double> losses{2.3, 2.2, 2.1};

PrecisionChoice choice(double fp32_s, double bf16_s, const std::vector<double>& in_bf16) {
  return choose_precision(fp32_s, bf16_s, losses, in_bf16);
}

TEST(PrecisionAuto, IsBf16WhereItIsFasterAndTheLossesAgree) {
  const auto found = choice(0.049, 0.030, {2.301, 2.199, 2.102});
  EXPECT_EQ(found.precision, Precision::bf16);
  EXPECT_EQ(
      found.because,
      "it takes 30 ms a step in bf16 and 49 ms in fp32, and the losses of the first 3 steps agree within 0.095 %");
}

TEST(PrecisionAuto, IsFp32WhereBf16IsNoFaster) {
  for (const double seconds : {0.049, 0.048, 0.1}) {
    const auto found = choice(0.049, seconds, losses);
    EXPECT_EQ(found.precision, Precision::fp32) << seconds;
    EXPECT_NE(found.because.find("a step in bf16 and 49 ms in fp32"), std::string::npos) << found.because;
  }
}

TEST(PrecisionAuto, IsFp32WhereALossIsAnother) {
  const auto found = choice(0.049, 0.030, {2.3, 2.2, 2.2});
  EXPECT_EQ(found.precision, Precision::fp32);
  EXPECT_EQ(found.because, "in bf16 the losses of the first 3 steps are off by up to 4.8 %");
}

TEST(PrecisionAuto, IsFp32WhereALossIsNotFinite) {
  for (const double lost : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
    for (const auto& in_bf16 :
         {std::vector{lost, 2.2, 2.1}, std::vector{2.3, lost, 2.1}, std::vector{2.3, 2.2, lost}}) {
      const auto found = choice(0.049, 0.030, in_bf16);
      EXPECT_EQ(found.precision, Precision::fp32);
      EXPECT_EQ(found.because, "a loss of the first 3 steps is not finite");
    }
  }
}

}  // namespace
}  // namespace lrfind::experiment
