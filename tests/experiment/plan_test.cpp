#include "experiment/plan.hpp"

#include <lrfind/error.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace lrfind::experiment {
namespace {

ImageFacts images(std::size_t train, std::size_t per_step) {
  ImageFacts facts;
  facts.train_images = train;
  facts.images_per_step = per_step;
  return facts;
}

Suggestion suggested(double steps) {
  Suggestion suggestion;
  suggestion.lr = 0.1;
  suggestion.interval = Interval{0.05, 0.2};
  suggestion.min_lr = 0.01;
  suggestion.max_lr = 0.3;
  suggestion.plan = PlannedRates{{.steps = steps}, 0.06, 0.25};
  return suggestion;
}

TEST(Plan, CountsTheUpdatesOfAPassWithItsLastSmallerBatch) {
  const auto plan = plan_of({.epochs = 10}, images(1000, 64));
  EXPECT_EQ(plan.steps, 160);
  EXPECT_NEAR(*plan.epochs, 10, 1e-9);
  EXPECT_FALSE(plan.assumed);
}

TEST(Plan, IsAssumedWhereNobodySaysHowLong) {
  const auto plan = plan_of({.schedule = "cosine"}, images(1000, 64));
  EXPECT_TRUE(plan.assumed);
  EXPECT_EQ(plan.steps, Plan{}.steps);
  EXPECT_EQ(plan.schedule, "cosine");
  EXPECT_NEAR(*plan.epochs, Plan{}.steps / 16, 1e-9);
}

TEST(Plan, InPassesNeedsTheNumberOfImages) {
  try {
    plan_of({.epochs = 10}, images(0, 64));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("--plan-steps"), std::string::npos);
  }
  EXPECT_EQ(plan_of({.steps = 500}, images(0, 0)).steps, 500);
}

TEST(Plan, OfAResultIsThatOfItsConfigUnlessAnotherIsGiven) {
  const nlohmann::ordered_json config = {{"plan-epochs", 30}, {"plan-schedule", "one-cycle"}};
  const auto kept = with_config({}, config);
  EXPECT_EQ(kept.epochs, 30);
  EXPECT_EQ(kept.schedule, "one-cycle");
  const auto other = with_config({.steps = 700, .schedule = "constant"}, config);
  EXPECT_EQ(other.epochs, 0);
  EXPECT_EQ(other.steps, 700);
  EXPECT_EQ(other.schedule, "constant");
  EXPECT_EQ(with_config({}, {{"plan-epochs", "many"}, {"plan-schedule", "no such"}}).schedule, "any");
}

TEST(ForLength, LowersAConstantRateAndNoPeakAndComesBack) {
  const auto once = suggested(300), longer = for_length(once, 30000);
  EXPECT_LT(*longer.lr, *once.lr);
  EXPECT_EQ(longer.max_lr, once.max_lr);
  EXPECT_NEAR(longer.interval->hi / longer.interval->lo, 4, 1e-9);
  EXPECT_EQ(longer.plan->plan.steps, 30000);
  const auto back = for_length(longer, 300);
  EXPECT_NEAR(*back.lr, *once.lr, 1e-12);
  EXPECT_NEAR(*back.max_lr, *once.max_lr, 1e-12);
}

TEST(ForLength, RaisesNothingForATrainingShorterThanTheRuleWasFittedOn) {
  EXPECT_EQ(for_length(suggested(300), 20).lr, suggested(300).lr);
}

TEST(ForLength, TenTimesLongerIsWhatTheSuggestionSaysOfIt) {
  const auto longer = for_length(suggested(300), 3000);
  const double held = *for_length(longer, 30000).lr / *longer.lr;
  EXPECT_NEAR(*longer.lr / 0.1, held, 1e-9);
}

TEST(ForLength, LeavesWhatHasNoPlan) {
  Suggestion suggestion = suggested(300);
  suggestion.plan.reset();
  EXPECT_EQ(for_length(suggestion, 30000).lr, suggestion.lr);
}

}  // namespace
}  // namespace lrfind::experiment
