// How candidates are ranked, on made-up trainings.
#include "verify/verify.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lrfind::verify {
namespace {

constexpr std::size_t many_images = 10000;

Candidate candidate(double lr, const std::vector<double>& accuracies, RunEnd end = RunEnd::completed) {
  Candidate c;
  c.lr = lr;
  for (const double accuracy : accuracies) {
    c.runs.push_back({.seed = c.runs.size(),
                      .steps = 100,
                      .end = end,
                      .train_loss = 1 - accuracy,
                      .val_loss = 1 - accuracy,
                      .val_accuracy = accuracy});
  }
  return c;
}

ScheduleResult ranked(std::vector<Candidate> candidates, std::size_t suggested) {
  ScheduleResult result;
  result.candidates = std::move(candidates);
  result.candidates[suggested].suggested = true;
  result.has_suggestion = true;
  rank(result, many_images);
  return result;
}

TEST(Rank, BestHasTheHighestMeanAccuracy) {
  const auto result =
      ranked({candidate(0.01, {0.90, 0.70}), candidate(0.1, {0.82, 0.84}), candidate(1, {0.5, 0.6})}, 0);
  EXPECT_EQ(result.best, 1U);
}

TEST(Rank, EqualAccuraciesAreToldApartByTheLoss) {
  auto low = candidate(0.01, {0.8});
  auto high = candidate(0.1, {0.8});
  high.runs[0].val_loss = 0.1;
  EXPECT_EQ(ranked({low, high}, 0).best, 1U);
}

TEST(Rank, NoiseOfOneSeedIsThatOfCountingImages) {
  // 80 % of 10000 images: sqrt(0.8 * 0.2 / 10000) = 0.4 points, a difference of two of them sqrt(2) times that.
  EXPECT_NEAR(ranked({candidate(0.1, {0.8}), candidate(1, {0.5})}, 0).noise, 0.004 * std::sqrt(2), 1e-5);
}

TEST(Rank, NoiseOfSeveralSeedsIsTheirOwn) {
  // Sample deviation 0.02 twice, pooled 0.02; the difference of two means of two: 0.02 sqrt(1/2 + 1/2).
  const double half = 0.01 * std::sqrt(2);
  const auto result = ranked({candidate(0.1, {0.7 - half, 0.7 + half}), candidate(1, {0.5 - half, 0.5 + half})}, 0);
  EXPECT_NEAR(result.noise, 0.02, 1e-12);
}

TEST(Rank, SuggestionHoldsWithinTwiceTheNoise) {
  EXPECT_TRUE(ranked({candidate(0.1, {0.795}), candidate(1, {0.8})}, 0).held);
  EXPECT_FALSE(ranked({candidate(0.1, {0.77}), candidate(1, {0.8})}, 0).held);
}

TEST(Rank, ASuggestionThatDivergedDidNotHold) {
  EXPECT_FALSE(ranked({candidate(0.01, {0.1}), candidate(0.1, {0.1}, RunEnd::diverged)}, 1).held);
}

TEST(Rank, WithoutAMeasuredRunThereIsNoBest) {
  const auto result = ranked({candidate(0.1, {report::not_measured}, RunEnd::interrupted)}, 0);
  EXPECT_FALSE(result.best);
  EXPECT_FALSE(result.held);
}

TEST(NextRound, ClearlyWorseCandidatesOfTheWorseHalfGetNoFurtherSeed) {
  const auto result = ranked({candidate(0.01, {0.3}), candidate(0.03, {0.79}), candidate(0.1, {0.8}),
                              candidate(0.3, {0.6}), candidate(1, {0.1})},
                             2);
  EXPECT_EQ(next_round(result), (std::vector<bool>{false, true, true, true, false}));
}

TEST(NextRound, NearlyEqualCandidatesAllStay) {
  const auto result = ranked({candidate(0.01, {0.799}), candidate(0.1, {0.8}), candidate(1, {0.801})}, 1);
  EXPECT_EQ(next_round(result), (std::vector<bool>{true, true, true}));
}

TEST(NextRound, TheSuggestionAlwaysStays) {
  const auto result = ranked({candidate(0.01, {0.1}), candidate(0.1, {0.8}), candidate(1, {0.8})}, 0);
  EXPECT_TRUE(next_round(result)[0]);
}

std::vector<double> falling(double from, double to, int steps) {
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) losses.push_back(from + (to - from) * i / (steps - 1) + (i % 2 == 0 ? 0.02 : -0.02));
  return losses;
}

TEST(ShouldPrune, ALossThatStaysWhileAnotherFalls) {
  EXPECT_TRUE(should_prune(falling(2.3, 2.28, 50), falling(2.3, 1, 200)));
  EXPECT_TRUE(should_prune(falling(2.3, 40, 50), falling(2.3, 1, 200)));
}

TEST(ShouldPrune, NotWhileTheOtherHasNotFallenEither) {
  EXPECT_FALSE(should_prune(falling(2.3, 2.3, 20), falling(2.3, 2.29, 200)));
}

TEST(ShouldPrune, NotAFallThatIsOnlySlower) { EXPECT_FALSE(should_prune(falling(2.3, 1.7, 50), falling(2.3, 1, 50))); }

// Accuracy 0.6 - 0.1 (log10(lr) - peak)^2, without noise.
ScheduleResult parabola(double peak, const std::vector<double>& rates, std::size_t suggested, std::size_t seeds) {
  std::vector<Candidate> candidates;
  for (const double lr : rates) {
    const double accuracy = 0.6 - 0.1 * std::pow(std::log10(lr) - peak, 2);
    candidates.push_back(candidate(lr, std::vector<double>(seeds, accuracy)));
  }
  return ranked(std::move(candidates), suggested);
}

TEST(FittedPeak, IsThePeakOfAParabolaWhenManySeedsShowIt) {
  const auto peak = fitted_peak(parabola(-1.1, {0.0333, 0.1, 0.3}, 1, 1000), many_images);
  ASSERT_TRUE(peak);
  EXPECT_NEAR(std::log10(peak->lr), -1.1, 0.005);
  EXPECT_LT(peak->interval.lo, peak->lr);
  EXPECT_GT(peak->interval.hi, peak->lr);
  EXPECT_LT(std::log10(peak->interval.hi / peak->interval.lo), 0.05);
}

TEST(FittedPeak, OneSeedMovesTheSuggestionOnlyPartOfTheWay) {
  const auto peak = fitted_peak(parabola(-1.1, {0.0333, 0.1, 0.3}, 1, 1), many_images);
  ASSERT_TRUE(peak);
  EXPECT_GT(std::log10(peak->lr), -1.1);
  EXPECT_LT(std::log10(peak->lr), -1.03);
}

TEST(FittedPeak, IsTheSuggestionWhereBothNeighboursLoseAlike) {
  const auto result = ranked({candidate(0.01, {0.70}), candidate(0.1, {0.75}), candidate(1, {0.70})}, 1);
  EXPECT_NEAR(fitted_peak(result, many_images)->lr, 0.1, 1e-9);
}

TEST(FittedPeak, TheDepthOfACliffSaysNothing) {
  const auto shallow = ranked({candidate(0.033, {0.70}), candidate(0.1, {0.75}), candidate(0.3, {0.60})}, 1);
  const auto deep = ranked({candidate(0.033, {0.70}), candidate(0.1, {0.75}), candidate(0.3, {0.10})}, 1);
  EXPECT_DOUBLE_EQ(fitted_peak(shallow, many_images)->lr, fitted_peak(deep, many_images)->lr);
}

TEST(FittedPeak, StaysWithinTheRatesThatWereTrained) {
  const auto peak = fitted_peak(parabola(0, {0.1, 0.2}, 0, 1000), many_images);
  EXPECT_NEAR(peak->lr, 0.2, 1e-9);
}

TEST(FittedPeak, NeedsASuggestion) {
  ScheduleResult result;
  result.candidates = {candidate(0.1, {0.5}), candidate(1, {0.4})};
  rank(result, many_images);
  EXPECT_FALSE(fitted_peak(result, many_images));
}

TEST(NearestCompleted, PassesOverRatesThatWereGivenUp) {
  const auto result = ranked({candidate(0.01, {0.5}), candidate(0.1, {0.6}), candidate(0.2, {0.4}, RunEnd::pruned)}, 0);
  EXPECT_EQ(nearest_completed(result, 0.19), 1U);
}

TEST(Verified, MovesLrAndMaxLrToTheSelectedRates) {
  Suggestion suggestion;
  suggestion.lr = 0.1;
  suggestion.min_lr = 0.05;
  suggestion.max_lr = 0.2;
  Verification verification;
  verification.schedules.push_back(ranked({candidate(0.03, {0.9}), candidate(0.1, {0.8})}, 1));
  verification.schedules.push_back(ranked({candidate(0.2, {0.8}), candidate(0.6, {0.9})}, 0));
  verification.schedules[0].selected = 0;
  verification.schedules[0].selected_interval = Interval{0.02, 0.05};
  verification.schedules[1].schedule.kind = train::ScheduleKind::one_cycle;
  verification.schedules[1].selected = 1;
  const auto moved = verified(suggestion, verification);
  EXPECT_EQ(moved.lr, 0.03);
  EXPECT_EQ(moved.interval->lo, 0.02);
  EXPECT_EQ(moved.interval->hi, 0.05);
  EXPECT_EQ(moved.max_lr, 0.6);
  EXPECT_EQ(moved.min_lr, 0.03);
}

TEST(SuggestedRate, IsMaxLrWhereTheRateDecaysOrCycles) {
  Suggestion suggestion;
  suggestion.lr = 0.1;
  EXPECT_EQ(suggested_rate(suggestion, train::ScheduleKind::cosine), 0.1);
  suggestion.max_lr = 0.2;
  EXPECT_EQ(suggested_rate(suggestion, train::ScheduleKind::constant), 0.1);
  for (const auto kind : {train::ScheduleKind::one_cycle, train::ScheduleKind::step, train::ScheduleKind::triangular}) {
    EXPECT_EQ(suggested_rate(suggestion, kind), 0.2);
  }
}

}  // namespace
}  // namespace lrfind::verify
