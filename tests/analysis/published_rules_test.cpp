#include "analysis/published_rules.hpp"

#include <gtest/gtest.h>

#include <lrfind/suggest.hpp>

#include "analysis/curves.hpp"

namespace lrfind {
namespace {

Trial curve(const std::vector<double>& loss) {
  Trial trial;
  trial.lr = geometric(1e-5, 1e-5 * std::pow(10, (static_cast<double>(loss.size()) - 1) / 10), loss.size());
  trial.loss = loss;
  return trial;
}

/// Raw losses that the rules see as they are: no smoothing, and a tenth of one planned step trimmed at the start.
const SuggestOptions unsmoothed = [] {
  SuggestOptions options;
  options.smoothing = 0;
  options.steps = 1;
  return options;
}();

/// The curve with five points more at the end, which fastai trims.
Trial with_tail(std::vector<double> loss) {
  loss.insert(loss.end(), 5, 100.0);
  return curve(loss);
}

TEST(PublishedRules, SayWhatTheToolsThemselvesSayOfRecordedCurves) {
  const nlohmann::json peers = peer_suggestions();
  int compared = 0;
  for (const auto& [name, recording] : peers.at("curves").items()) {
    const Trial trial = recorded(recording);
    SuggestOptions options;
    options.steps = recording.at("steps");
    const Suggestion suggestion = suggest(trial.lr, trial.loss, options);
    for (const auto& [rule, rate] : recording.at("says").items()) {
      const std::optional<double> ours = suggestion.by_rule.at(rule);
      ASSERT_EQ(ours.has_value(), !rate.is_null()) << rule << " of " << name;
      // The tools compute with float32, whose rates differ from ours in the eighth digit.
      if (ours) {
        EXPECT_NEAR(*ours / rate.get<double>(), 1, 1e-5) << rule << " of " << name;
      }
      ++compared;
    }
  }
  EXPECT_EQ(compared, 11 * 7);
}

TEST(Valley, LiesHalfwayDownTheLongestDescent) {
  // The longest strictly decreasing subsequence is 9 8 7 6 5 4 3 2 1: nine values that end at index 10, so it starts at
  // 10 - 9 = 1, and the rate is that of 1 + int(9 / 3) + int(9 / 6) = 5.
  const Trial trial = with_tail({5, 9, 8, 8.5, 7, 6, 5, 4, 3, 2, 1, 6, 7});
  EXPECT_EQ(analysis::valley(trial, unsmoothed), trial.lr[5]);
}

TEST(Valley, TakesTheFirstPointWhereNothingFalls) {
  const Trial trial = with_tail({1, 1, 2, 2, 3});
  EXPECT_EQ(analysis::valley(trial, unsmoothed), trial.lr[0]);
}

TEST(Minimum, IsATenthOfTheRateOfTheLowestLoss) {
  const Trial trial = with_tail({5, 4, 3, 4, 2, 6});
  EXPECT_DOUBLE_EQ(analysis::minimum(trial, unsmoothed).value(), trial.lr[4] / 10);
}

TEST(Steepest, IsWhereTheLossFallsFastestAgainstTheLogarithmOfTheRate) {
  Trial trial = with_tail({5, 4.5, 2, 1.5, 1, 6});
  EXPECT_EQ(analysis::steepest(trial, unsmoothed), trial.lr[1]);
  // Spread that step over three decades more, and the next ones are steeper per decade.
  for (std::size_t i = 2; i < trial.lr.size(); ++i) trial.lr[i] *= 1000;
  trial.loss[4] = 0.9;
  EXPECT_EQ(analysis::steepest(trial, unsmoothed), trial.lr[3]);
}

TEST(Slide, StopsWhereTheGradientsAtBothEndsAgree) {
  // Slope -0.1 up to index 20, +0.1 from there on: the interval of 15 slides down until its upper end has left the
  // bend.
  std::vector<double> loss;
  for (int i = 0; i < 40; ++i) loss.push_back(i <= 20 ? 5 - 0.1 * i : 3 + 0.1 * (i - 20));
  const Trial trial = with_tail(loss);
  // Ends at (39, 24): both slopes are +0.1, and nothing slides.
  EXPECT_EQ(analysis::slide(trial, unsmoothed), trial.lr[24]);
  // Four points fewer, ends at (34, 19): they differ until the upper end reaches 19 or the lower leaves the curve.
  loss.resize(35);
  EXPECT_EQ(analysis::slide(with_tail(loss), unsmoothed), with_tail(loss).lr[5]);
}

TEST(Slide, NeedsMoreThanItsIntervalOfFifteenPoints) {
  EXPECT_FALSE(analysis::slide(with_tail(std::vector<double>(15, 1.0)), unsmoothed).has_value());
  EXPECT_TRUE(analysis::slide(with_tail(std::vector<double>(16, 1.0)), unsmoothed).has_value());
}

TEST(Lightning, MeasuresTheSlopeAgainstTheRateItself) {
  // Untrimmed points 10.. of a curve that falls by the same amount at every step: per unit of rate, the first is
  // steepest.
  std::vector<double> loss;
  for (int i = 0; i < 30; ++i) loss.push_back(10 - 0.1 * i);
  EXPECT_EQ(analysis::lightning(curve(loss), unsmoothed), curve(loss).lr[10]);
}

TEST(PublishedRules, SayNothingOfCurvesThatTheyTrimAway) {
  for (const std::size_t size : {0U, 1U, 2U, 5U}) {
    const Trial trial = curve(std::vector<double>(size, 1.0));
    const auto by_rule = suggest({trial}).by_rule;
    for (const char* rule : {"valley", "steepest", "minimum", "slide", "torch-lr-finder", "ignite", "lightning"}) {
      EXPECT_FALSE(by_rule.at(rule).has_value()) << rule << size;
    }
  }
}

TEST(PublishedRules, LeaveOutPointsThatAreNotFinite) {
  Trial clean = with_tail({5, 9, 8, 8.5, 7, 6, 5, 4, 3, 2, 1, 6, 7});
  Trial salted = clean;
  salted.lr.insert(salted.lr.begin() + 4, std::sqrt(clean.lr[3] * clean.lr[4]));
  salted.loss.insert(salted.loss.begin() + 4, std::nan(""));
  EXPECT_EQ(analysis::valley(salted, unsmoothed), analysis::valley(clean, unsmoothed));
  EXPECT_EQ(analysis::minimum(salted, unsmoothed), analysis::minimum(clean, unsmoothed));
}

}  // namespace
}  // namespace lrfind
