#include "analysis/lrfind_rule.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "analysis/curves.hpp"

namespace lrfind::analysis {
namespace {

std::vector<double> numbers(const nlohmann::json& array) {
  std::vector<double> values;
  for (const auto& value : array)
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  return values;
}

/// Sweeps of real trainings, and what a reference implementation of the rule in Python says of them.
struct Recording {
  std::string name;
  std::vector<Trial> trials;
  SuggestOptions options;
  nlohmann::json expected;
};

const std::vector<Recording>& recordings() {
  static const std::vector<Recording> all = [] {
    std::vector<Recording> read;
    for (const auto& each : nlohmann::json::parse(std::ifstream(LRFIND_TEST_FILES "/lrfind_rule.json"))) {
      Recording recording;
      recording.name = each.at("name");
      recording.expected = each.at("expected");
      recording.options.optimizer = each.at("optimizer");
      recording.options.momentum = each.at("momentum");
      for (const auto& one : each.at("trials")) {
        Trial trial;
        trial.lr = numbers(one.at("lr"));
        trial.loss = numbers(one.at("loss"));
        if (one.contains("alignment")) trial.alignment = numbers(one.at("alignment"));
        recording.trials.push_back(trial);
      }
      read.push_back(recording);
    }
    return read;
  }();
  return all;
}

const Recording& recording(const std::string& name) {
  for (const Recording& each : recordings())
    if (each.name == name) return each;
  throw std::invalid_argument(name);
}

constexpr double exact = 1e-9;

TEST(LrfindRule, SaysWhatItsReferenceSaysOfRecordedSweeps) {
  ASSERT_EQ(recordings().size(), 8U);
  for (const Recording& each : recordings()) {
    const Finding found = find_rate(each.trials, each.options);
    EXPECT_NEAR(found.lr, each.expected.at("log10_lr"), exact) << each.name;
    EXPECT_NEAR(found.low, each.expected.at("log10_interval")[0], exact) << each.name;
    EXPECT_NEAR(found.high, each.expected.at("log10_interval")[1], exact) << each.name;
    EXPECT_NEAR(found.min_lr, each.expected.at("log10_min_lr"), exact) << each.name;
    EXPECT_NEAR(found.max_lr, each.expected.at("log10_max_lr"), exact) << each.name;
    EXPECT_NEAR(found.half_width, each.expected.at("half_width"), exact) << each.name;
    EXPECT_NEAR(found.edge, each.expected.at("edge"), exact) << each.name;
  }
}

TEST(LrfindRule, FindsTheLandmarksThatItsReferenceFinds) {
  for (const Recording& each : recordings()) {
    for (std::size_t i = 0; i < each.trials.size(); ++i) {
      const Landmarks marks = landmarks_of(each.trials[i]);
      const nlohmann::json& expected = each.expected.at("landmarks")[i];
      EXPECT_NEAR(marks.edge, expected.at("edge"), exact) << each.name;
      EXPECT_NEAR(marks.lowest, expected.at("lowest"), exact) << each.name;
      EXPECT_NEAR(marks.falls, expected.at("falls"), exact) << each.name;
      ASSERT_EQ(marks.alignment.has_value(), !expected.at("alignment").is_null()) << each.name;
      if (marks.alignment) {
        EXPECT_NEAR(*marks.alignment, expected.at("alignment"), exact) << each.name;
      }
    }
  }
}

TEST(LrfindRule, IsWhatSuggestGives) {
  for (const Recording& each : recordings()) {
    const Suggestion suggestion = suggest(each.trials, each.options);
    EXPECT_EQ(suggestion.rule, "lrfind");
    EXPECT_EQ(suggestion.by_rule.at("lrfind"), suggestion.lr);
    EXPECT_NEAR(std::log10(*suggestion.lr), each.expected.at("log10_lr"), exact) << each.name;
    EXPECT_LE(std::log10(*suggestion.min_lr), each.expected.at("log10_min_lr").get<double>() + exact) << each.name;
    EXPECT_NEAR(std::log10(*suggestion.max_lr), each.expected.at("log10_max_lr"), exact) << each.name;
    EXPECT_LE(*suggestion.min_lr, *suggestion.lr) << each.name;
    EXPECT_LE(*suggestion.lr, *suggestion.max_lr) << each.name;
    EXPECT_LE(suggestion.interval->lo, *suggestion.lr) << each.name;
    EXPECT_GE(suggestion.interval->hi, *suggestion.lr) << each.name;
    const double low = each.expected.at("log10_interval")[0], high = each.expected.at("log10_interval")[1];
    EXPECT_NEAR(interval_half_width_decades(suggestion), (high - low) / 2, exact) << each.name;
  }
}

TEST(LrfindRule, OverrulesTheUsualRateWhereTheEvidenceIsDecadesAway) {
  // Inputs a hundred times larger: the usual rate is 0.1, and training at it leaves a tenth of the accuracy.
  const Recording& scaled = recording("inputs times 100: the usual rate is wrong by two decades");
  EXPECT_LT(find_rate(scaled.trials, scaled.options).lr, -2);
}

TEST(LrfindRule, LeansOnTheUsualRateOnlyForAKnownOptimizer) {
  Recording each = recording("rmsprop, four trials");
  each.options.optimizer.clear();
  const Finding alone = find_rate(each.trials, each.options);
  std::vector<double> middles;
  for (const Landmarks& marks : alone.landmarks) middles.push_back(marks.middle(true));
  std::sort(middles.begin(), middles.end());
  EXPECT_NEAR(alone.lr, (middles[1] + middles[2]) / 2 - 0.8, exact);
}

TEST(LrfindRule, IsSurerWithEveryTrialThatAgrees) {
  const Recording& each = recording("rmsprop, four trials");
  double width = 1e9;
  for (std::size_t count = 1; count <= 4; ++count) {
    const std::vector<Trial> some(count, each.trials.front());
    const Suggestion suggestion = suggest(some, each.options);
    EXPECT_LT(interval_half_width_decades(suggestion), width);
    width = interval_half_width_decades(suggestion);
  }
}

TEST(LrfindRule, StaysBelowTheEdge) {
  for (Recording each : recordings()) {
    for (const char* optimizer : {"sgd", "adam", "adagrad", ""}) {
      each.options.optimizer = optimizer;
      const Finding found = find_rate(each.trials, each.options);
      EXPECT_LE(found.lr, found.edge - 0.5 + exact);
      EXPECT_LE(found.max_lr, found.edge - 0.4 + exact);
    }
  }
}

TEST(LrfindRule, AssumesTheSameEdgeHoweverFarASweepWentWithoutReachingIt) {
  // A loss that falls and stays low, swept up to 10, to 1 and to 1000.
  const Typical calm{.steps = 81, .stops_early = false};
  const auto swept_to = [&](double high, std::size_t steps) {
    Typical curve = calm;
    curve.explodes_at = 1e9;
    curve.high = high;
    curve.steps = steps;
    return landmarks_of(curve.trial());
  };
  const Landmarks usual = swept_to(10, 81), short_of = swept_to(1, 71), beyond = swept_to(1000, 101);
  EXPECT_FALSE(usual.reached);
  EXPECT_NEAR(usual.edge, 1, 0.05);
  EXPECT_NEAR(short_of.edge, usual.edge, exact);
  EXPECT_NEAR(beyond.edge, usual.edge, exact);
}

TEST(LrfindRule, KnowsAnEdgeThatItReached) {
  const Landmarks marks = landmarks_of(Typical{.fall = 1.2, .noise = 0, .explodes_at = 0.5}.trial());
  EXPECT_TRUE(marks.reached);
  // start 2.3 is exceeded by a fifth where 1.2 (rate / 0.5)^3 - 1.2 = 0.46
  EXPECT_NEAR(marks.edge, std::log10(0.5 * std::cbrt(1.66 / 1.2)), 0.08);
}

TEST(LrfindRule, NamesNoRateBeyondASweepThatDidNotReachItsEdge) {
  for (const double high : {1e-4, 1e-3, 1e-2, 0.1, 1.0}) {
    const Trial trial = Typical{.high = high, .stops_early = false}.trial();
    for (const char* optimizer : {"sgd", "adam", ""}) {
      const Finding found = find_rate({trial}, {.optimizer = optimizer});
      EXPECT_LE(found.max_lr, std::log10(high) + exact) << high << optimizer;
      EXPECT_LE(found.lr, found.max_lr) << high << optimizer;
    }
  }
}

TEST(LrfindRule, TakesANetworkThatBlewUpAndDiedForLost) {
  // It explodes at a rate of 0.1 and then sits at the loss it started from.
  Typical shape{.noise = 0, .stops_early = false};
  shape.explodes_at = 1e9;
  Trial trial = shape.trial();
  for (std::size_t i = 0; i < trial.lr.size(); ++i)
    if (trial.lr[i] > 0.1) trial.loss[i] = trial.lr[i] < 0.3 ? 50 : 2.3;
  const Landmarks marks = landmarks_of(trial);
  EXPECT_TRUE(marks.reached);
  EXPECT_NEAR(marks.edge, -1, 0.1);
}

TEST(LrfindRule, UsesAlignmentOnlyWhereEveryTrialHasIt) {
  Recording each = recording("rmsprop, four trials");
  EXPECT_TRUE(find_rate(each.trials, each.options).by_alignment);
  each.trials[2].alignment.clear();
  EXPECT_FALSE(find_rate(each.trials, each.options).by_alignment);
}

TEST(LrfindRule, PassesOverStepsWhereAlignmentWasNotMeasured) {
  Recording each = recording("batch norm, momentum, one trial");
  Trial& trial = each.trials.front();
  const double whole = *landmarks_of(trial).alignment;
  for (std::size_t i = 0; i < trial.alignment.size(); i += 10) trial.alignment[i] = std::nan("");
  EXPECT_NEAR(*landmarks_of(trial).alignment, whole, 0.3);
  std::fill(trial.alignment.begin() + 4, trial.alignment.end(), std::nan(""));
  EXPECT_FALSE(landmarks_of(trial).alignment.has_value()) << "four votes are none";
}

TEST(LrfindRule, LeavesOutTrialsThatWereInterruptedWhereOthersWereNot) {
  const Recording& each = recording("rmsprop, four trials");
  std::vector<Trial> trials = each.trials;
  Trial part = trials.front();
  for (auto* values : {&part.lr, &part.loss, &part.alignment}) values->resize(30);
  part.stopped = Stopped::interrupted;
  trials.push_back(part);
  EXPECT_EQ(suggest(trials, each.options).lr, suggest(each.trials, each.options).lr);
  EXPECT_TRUE(suggest({part}, each.options).lr.has_value());
}

TEST(LrfindRule, TakesLossesThatWereNotMeasuredInBetweenForNothing) {
  const Trial whole = Typical{.seed = 5}.trial();
  Trial gaps = whole, without;
  for (std::size_t i = 0; i < whole.lr.size(); ++i) {
    if (i % 3 == 0) continue;
    without.lr.push_back(whole.lr[i]);
    without.loss.push_back(whole.loss[i]);
  }
  for (std::size_t i = 0; i < gaps.lr.size(); i += 3) gaps.loss[i] = std::nan("");
  if (gaps.lr.size() % 3 == 1) {  // the last one would be a divergence
    gaps.lr.pop_back();
    gaps.loss.pop_back();
  }
  const Landmarks seen = landmarks_of(gaps), expected = landmarks_of(without);
  EXPECT_EQ(seen.edge, expected.edge);
  EXPECT_EQ(seen.lowest, expected.lowest);
}

TEST(LrfindRule, SaysNothingOfAHandfulOfSteps) {
  const Trial trial = Typical{.steps = 9}.trial();
  EXPECT_FALSE(suggest({trial}).lr.has_value());
  EXPECT_FALSE(suggest({trial}).trusted);
  EXPECT_TRUE(std::isinf(interval_half_width_decades(suggest({trial}))));
}

TEST(ChangePoint, IsTheCutBetweenPositiveAndNegativeVotes) {
  const std::vector<double> x = {0, 1, 2, 3, 4, 5};
  EXPECT_NEAR(change_point(x, {1, 1, 1, -1, -1, -1}, 20), 2.5, 1e-9);
  EXPECT_NEAR(change_point(x, {1, 1, 1, 1, 1, 1}, 20), 5, 1e-9);
  EXPECT_NEAR(change_point(x, {-1, -1, -1, -1, -1, -1}, 20), 0, 1e-9);
  // Scores -1, 1, -1 at cuts 0, 0.5 and 1: weights e^-2, 1, e^-2 are symmetric around 0.5.
  EXPECT_NEAR(change_point({0, 1}, {1, -1}, 1), 0.5, 1e-12);
}

TEST(Blend, IsTheEvidenceFarFromTheUsualRateAndHalfwayNearIt) {
  EXPECT_NEAR(blend(-1, 0.4, -1), -1, 1e-12);
  EXPECT_NEAR(blend(-1.2, 0.4, -1), -1.1, 0.01);
  EXPECT_NEAR(blend(-4, 0.4, -1), -4, 0.01);
  for (double evidence = -6; evidence < 2; evidence += 0.01)
    EXPECT_LT(blend(evidence, 0.4, -1), blend(evidence + 0.01, 0.4, -1)) << "rises with the evidence";
}

TEST(UsualRate, IsWhatPeopleStartFrom) {
  EXPECT_DOUBLE_EQ(*usual_rate("sgd", 0), -1);
  EXPECT_DOUBLE_EQ(*usual_rate("sgd", 0.9), -2);
  for (const char* optimizer : {"adam", "adamw", "radam", "rmsprop", "lamb"}) {
    EXPECT_EQ(*usual_rate(optimizer, 0.9), -3) << optimizer;
  }
  EXPECT_EQ(*usual_rate("adagrad", 0), -2);
  EXPECT_DOUBLE_EQ(*usual_rate("nadam", 0), std::log10(0.002));
  EXPECT_DOUBLE_EQ(*usual_rate("lion", 0), -4);
  EXPECT_TRUE(std::isfinite(*usual_rate("sgd", 1)));
}

TEST(UsualRate, IsNobodysWhereTheOptimizerIsNotKnownOrItsRatesAreScattered) {
  for (const char* optimizer : {"", "lars", "muon"}) EXPECT_FALSE(usual_rate(optimizer, 0.9)) << optimizer;
}

}  // namespace
}  // namespace lrfind::analysis
