#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <lrfind/suggest.hpp>
#include <stdexcept>

#include "analysis/curves.hpp"

namespace lrfind {
namespace {

SuggestOptions by(const std::string& rule) {
  SuggestOptions options;
  options.rule = rule;
  return options;
}

const SuggestOptions by_valley = by("valley");

std::vector<Trial> typical_trials(std::size_t count, std::uint64_t first_seed = 0) {
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < count; ++i) trials.push_back(Typical{.seed = first_seed + i}.trial());
  return trials;
}

TEST(Suggest, TrustsTheUsualCurveAndBoundsItsSuggestion) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Suggestion suggestion = suggest(typical_trials(1, seed), by_valley);
    ASSERT_TRUE(suggestion.trusted) << seed << suggestion.reasons.front().message;
    ASSERT_TRUE(suggestion.lr && suggestion.interval && suggestion.min_lr && suggestion.max_lr) << seed;
    EXPECT_GT(*suggestion.min_lr, 5e-6) << seed;
    EXPECT_LE(*suggestion.min_lr, *suggestion.lr) << seed;
    EXPECT_LE(*suggestion.lr, *suggestion.max_lr) << seed;
    EXPECT_LT(*suggestion.max_lr, 0.2) << seed;
    EXPECT_LT(suggestion.interval->lo, *suggestion.lr) << seed;
    EXPECT_GT(suggestion.interval->hi, *suggestion.lr) << seed;
  }
}

TEST(Suggest, IsTheRuleAskedForAndListsThemAll) {
  const Trial trial = Typical().trial();
  for (const std::string& rule : rule_names()) {
    const Suggestion suggestion = suggest(trial.lr, trial.loss, by(rule));
    EXPECT_EQ(suggestion.rule, rule);
    EXPECT_EQ(suggestion.lr, suggestion.by_rule.at(rule));
    EXPECT_EQ(suggestion.by_rule.size(), rule_names().size());
  }
}

TEST(Suggest, CombinesTrialsByTheirGeometricMean) {
  const std::vector<Trial> trials = typical_trials(3);
  double product = 1;
  for (const Trial& trial : trials) product *= *suggest(trial.lr, trial.loss, by_valley).lr;
  EXPECT_NEAR(*suggest(trials, by_valley).lr / std::cbrt(product), 1, 1e-12);
}

TEST(Suggest, IsSurerWithMoreTrials) {
  double width = 1e9;
  for (const std::size_t count : {1U, 3U, 7U, 20U}) {
    const Interval interval = *suggest(typical_trials(count), by_valley).interval;
    EXPECT_LT(interval.hi / interval.lo, width) << count;
    width = interval.hi / interval.lo;
  }
}

TEST(Suggest, HoldsTheManyTrialAnswerInItsIntervalNineTimesInTen) {
  const double truth = *suggest(typical_trials(300, 1000), by_valley).lr;
  for (const std::size_t count : {1U, 3U}) {
    int held = 0;
    for (std::uint64_t k = 0; k < 200; ++k) {
      const Interval interval = *suggest(typical_trials(count, 10000 + count * k), by_valley).interval;
      held += interval.lo <= truth && truth <= interval.hi;
    }
    EXPECT_GE(held, 176) << count;
  }
}

TEST(Suggest, GivesTheSameAnswerEveryTime) {
  const Trial trial = Typical().trial();
  const Suggestion once = suggest({trial}, by_valley), again = suggest({trial}, by_valley);
  EXPECT_EQ(once.lr, again.lr);
  EXPECT_EQ(once.interval->lo, again.interval->lo);
  EXPECT_EQ(once.interval->hi, again.interval->hi);
}

TEST(Suggest, FollowsTheUnitOfTheLossAndOfTheRate) {
  // Twice the loss is the same curve; rates a hundred times higher give a suggestion a hundred times higher. Slide is
  // not among them: its threshold is in the unit of the loss.
  const Trial trial = Typical().trial();
  std::vector<double> lr = trial.lr, loss = trial.loss;
  for (double& rate : lr) rate *= 100;
  for (double& value : loss) value *= 2;
  const Suggestion one = suggest(trial.lr, trial.loss, by_valley), other = suggest(lr, loss, by_valley);
  for (const char* rule : {"valley", "steepest", "minimum", "torch-lr-finder", "ignite", "lightning"})
    EXPECT_NEAR(*other.by_rule.at(rule) / *one.by_rule.at(rule), 100, 1e-6) << rule;
  EXPECT_NEAR(*other.max_lr / *one.max_lr, 100, 1e-6);
  EXPECT_NEAR(*other.min_lr / *one.min_lr, 100, 1e-6);
}

TEST(Suggest, IsUntrustedWithAReasonWhereTheCurveSupportsNothing) {
  const Suggestion noise = suggest({flat(2.3, 0.05, 0)}, by_valley);
  EXPECT_FALSE(noise.trusted);
  EXPECT_EQ(noise.reasons.front().code, "never-fell");
  EXPECT_FALSE(noise.max_lr.has_value());
  const Suggestion nothing = suggest(std::vector<Trial>{}, by_valley);
  EXPECT_FALSE(nothing.trusted);
  EXPECT_FALSE(nothing.lr.has_value());
  EXPECT_EQ(nothing.reasons.front().code, "too-few-points");
}

TEST(Suggest, StaysTrustedWithAWarningOnly) {
  const Suggestion suggestion = suggest({Typical{.fall = 0.6, .noise = 0.18, .seed = 1}.trial()}, by_valley);
  ASSERT_FALSE(suggestion.reasons.empty());
  EXPECT_EQ(suggestion.reasons.front().code, "too-noisy");
  EXPECT_FALSE(suggestion.reasons.front().fatal);
  EXPECT_TRUE(suggestion.trusted);
}

TEST(Suggest, SurvivesSpikesGapsAndEarlyDivergence) {
  constexpr double bad[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(), 1e30};
  std::mt19937_64 random(7);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Trial trial = Typical{.steps = 5 + seed, .seed = seed}.trial();
    for (std::size_t hits = random() % 6; hits > 0; --hits)
      trial.loss[random() % trial.loss.size()] = bad[random() % 4];
    const std::size_t kept = 1 + random() % trial.lr.size();
    trial.lr.resize(kept);
    trial.loss.resize(kept);
    const Suggestion suggestion = suggest({trial, Typical{.seed = seed}.trial(), Trial()}, by_valley);
    for (const auto& [rule, rate] : suggestion.by_rule)
      if (rate) {
        EXPECT_TRUE(std::isfinite(*rate) && *rate > 0) << rule << " " << seed;
      }
    EXPECT_TRUE(suggestion.trusted || !suggestion.reasons.empty()) << seed;
    for (const auto& value : {suggestion.min_lr, suggestion.max_lr})
      if (value) {
        EXPECT_TRUE(std::isfinite(*value) && *value > 0) << seed;
      }
  }
}

TEST(Suggest, ForgivesAFewLossesThatAreNotFinite) {
  Trial trial = Typical().trial();
  const Suggestion clean = suggest({trial}, by_valley);
  for (const std::size_t i : {20U, 33U, 47U}) trial.loss[i] = std::numeric_limits<double>::quiet_NaN();
  const Suggestion salted = suggest({trial}, by_valley);
  EXPECT_TRUE(salted.trusted);
  EXPECT_NEAR(std::log10(*salted.lr / *clean.lr), 0, 0.5);
}

TEST(Suggest, RefusesCurvesThatDoNotFit) {
  EXPECT_THROW(suggest({0.1, 1}, {2}), std::invalid_argument);
  EXPECT_THROW(suggest({1, 0.1}, {2, 2}), std::invalid_argument);
  EXPECT_THROW(suggest({0, 1}, {2, 2}), std::invalid_argument);
  EXPECT_THROW(suggest({0.1, std::nan("")}, {2, 2}), std::invalid_argument);
  SuggestOptions endless;
  endless.smoothing = 1;
  EXPECT_THROW(suggest({0.1, 1}, {2, 2}, endless), std::invalid_argument);
  Trial trial = Typical().trial();
  trial.probe_loss = {1, 2};
  EXPECT_THROW(suggest({trial}, by_valley), std::invalid_argument);
}

TEST(Suggest, NamesTheRulesWhenAskedForAnother) {
  try {
    suggest({0.1, 1}, {2, 2}, by("vally"));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("\"vally\""), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("valley, steepest, minimum, slide"), std::string::npos);
  }
}

TEST(Suggest, TakesMilliseconds) {
  const std::vector<Trial> trials = typical_trials(7);
  const auto begin = std::chrono::steady_clock::now();
  suggest(trials, by_valley);
  suggest({trials.front()}, by_valley);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took.count(), 500);  // a few on an idle machine; sanitizers and busy machines get their share
}

}  // namespace
}  // namespace lrfind
