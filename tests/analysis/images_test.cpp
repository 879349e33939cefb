#include "analysis/images.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lrfind::analysis {
namespace {

TEST(GuessingLoss, IsTheEntropyOfTheClasses) {
  EXPECT_NEAR(*guessing_loss({.class_counts = {50, 50}}), std::log(2), 1e-12);
  EXPECT_NEAR(*guessing_loss({.class_counts = {10, 10, 10, 10, 0}}), std::log(4), 1e-12);
  EXPECT_NEAR(*guessing_loss({.class_counts = {90, 10}}), 0.325083, 1e-6);  // -0.9 ln 0.9 - 0.1 ln 0.1
}

TEST(GuessingLoss, CountsClassesByTheirWeight) {
  EXPECT_NEAR(*guessing_loss({.class_counts = {90, 10}, .class_weights = {1, 9}}), std::log(2), 1e-12);
}

TEST(GuessingLoss, IsThatOfSmoothedLabels) {
  // 0.9 and 0.1 smoothed by 0.2 are 0.82 and 0.18.
  EXPECT_NEAR(*guessing_loss({.class_counts = {90, 10}, .label_smoothing = 0.2}), 0.471393, 1e-6);
}

TEST(GuessingLoss, IsNoneWhereThereIsNothingToGuess) {
  EXPECT_FALSE(guessing_loss({}).has_value());
  EXPECT_FALSE(guessing_loss({.class_counts = {0, 0}}).has_value());
  EXPECT_FALSE(guessing_loss({.class_counts = {10, 0}}).has_value());
}

TEST(Repeats, CountImagesPerStep) {
  EXPECT_DOUBLE_EQ(repeats({.train_images = 640, .images_per_step = 64}, 100), 10);
  EXPECT_EQ(repeats({}, 100), 0);
}

TEST(DiagnoseImages, HasNothingAgainstUsualData) {
  EXPECT_TRUE(diagnose_images({}, 100).empty());
  EXPECT_TRUE(
      diagnose_images({.train_images = 2000, .images_per_step = 512, .class_counts = {1500, 500}}, 100).empty());
}

TEST(DiagnoseImages, IsFatalWhereAlmostAllImagesAreOfOneClass) {
  const auto reasons = diagnose_images({.train_images = 1000, .images_per_step = 32, .class_counts = {980, 20}}, 100);
  ASSERT_EQ(reasons.size(), 1U);
  EXPECT_EQ(reasons.front().code, "one-class-dominates");
  EXPECT_TRUE(reasons.front().fatal);
}

}  // namespace
}  // namespace lrfind::analysis
