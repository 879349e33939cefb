#include "analysis/smoothed_losses.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "analysis/curves.hpp"
#include "analysis/published_rules.hpp"
#include "analysis/statistics.hpp"

namespace lrfind::analysis {
namespace {

using Average = std::function<std::vector<double>(const std::vector<double>&)>;

std::vector<double> lean(const std::vector<double>& values, double share) {
  std::vector<double> result = {values.front()};
  for (std::size_t i = 1; i < values.size(); ++i) result.push_back(share * values[i] + (1 - share) * result.back());
  return result;
}

/// Lightning divides by 1 - f^(i + 2).
std::vector<double> lightning_history(const std::vector<double>& values) {
  std::vector<double> result = smooth(values, 0.98);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double exponent = static_cast<double>(i) + 1;
    result[i] *= (1 - std::pow(0.98, exponent)) / (1 - std::pow(0.98, exponent + 1));
  }
  return result;
}

const Average averages[] = {[](const auto& v) { return smooth(v, 0.98); }, [](const auto& v) { return smooth(v, 0.9); },
                            [](const auto& v) { return lean(v, 0.05); }, lightning_history};

/// Recorded curves of minibatches, up to their first loss that is not finite.
std::vector<Trial> recorded_curves() {
  std::vector<Trial> curves;
  const nlohmann::json peers = peer_suggestions();
  for (const auto& curve : peers.at("curves")) curves.push_back(recorded(curve));
  const auto sweeps = nlohmann::json::parse(std::ifstream(LRFIND_TEST_FILES "/diagnosed_sweeps.json"));
  for (const auto& sweep : sweeps) {
    if (sweep.at("name") == "AllImagesAtOnce") continue;  // every step saw the same batch: no noise
    for (const auto& trial : sweep.at("trials")) {
      Trial curve = recorded({{"lr", std::vector<double>()}, {"loss", trial.at("loss")}});
      curve.lr = geometric(1e-7, 10, curve.loss.size());
      curves.push_back(curve);
    }
  }
  for (Trial& curve : curves) {
    const auto end = std::find_if(curve.loss.begin(), curve.loss.end(), [](double v) { return !std::isfinite(v); });
    curve.loss.erase(end, curve.loss.end());
    curve.lr.resize(curve.loss.size());
  }
  std::erase_if(curves, [](const Trial& curve) { return curve.lr.size() < 40; });
  return curves;
}

const Reason* reason_of(const Suggestion& suggestion, const std::string& code) {
  for (const Reason& reason : suggestion.reasons)
    if (reason.code == code) return &reason;
  return nullptr;
}

SuggestOptions of_another_tool(const std::string& rule, double smoothing = 0.98) {
  SuggestOptions options;
  options.rule = rule;
  options.smoothing = smoothing;
  options.may_be_smoothed = true;
  return options;
}

TEST(LooksSmoothed, IsTrueOfNoRecordedCurveAndOfNearlyAllUnderTheAveragesOfTheTools) {
  const std::vector<Trial> curves = recorded_curves();
  ASSERT_GE(curves.size(), 50U);
  std::size_t seen = 0;
  for (const Trial& curve : curves) {
    EXPECT_FALSE(looks_smoothed(curve));
    for (const Average& average : averages) {
      Trial smoothed = curve;
      smoothed.loss = average(curve.loss);
      seen += looks_smoothed(smoothed) ? 1 : 0;
    }
  }
  EXPECT_GE(static_cast<double>(seen), 0.95 * static_cast<double>(curves.size() * std::size(averages)));
}

TEST(LooksSmoothed, IsTrueWithoutNoiseAndFalseOfFewPointsAndOfNothingButOneLoss) {
  EXPECT_TRUE(looks_smoothed(Typical{.noise = 0}.trial()));
  EXPECT_FALSE(looks_smoothed(Typical{.steps = 30, .noise = 0}.trial()));
  EXPECT_FALSE(looks_smoothed(flat(2.3, 0, 0)));
}

TEST(VonNeumannRatio, IsTwoForNoiseAndNearNothingForALine) {
  EXPECT_NEAR(von_neumann_ratio(flat(0, 1, 7, 20000).loss, 101).value(), 2, 0.1);
  std::vector<double> wave;
  for (int i = 0; i < 400; ++i) wave.push_back(std::sin(i / 20.0));
  EXPECT_LT(von_neumann_ratio(wave, 101).value(), 0.05);
  EXPECT_FALSE(von_neumann_ratio({1, 2, 3}, 4).has_value());
  // A parabola leaves nothing: 1, 4, 9, 16, 25.
  EXPECT_FALSE(von_neumann_ratio({1, 4, 9, 16, 25}, 5).has_value());
}

TEST(SmoothedAlready, WarnsAndSaysWhatTheRuleWouldNameWithoutItsOwnSmoothing) {
  Trial history = Typical().trial();
  history.loss = smooth(history.loss, 0.98);
  for (const char* rule : {"valley", "steepest", "torch-lr-finder", "lightning"}) {
    const Suggestion twice = suggest({history}, of_another_tool(rule));
    const Suggestion once = suggest({history}, of_another_tool(rule, 0));
    const Reason* reason = reason_of(twice, "looks-smoothed");
    ASSERT_NE(reason, nullptr) << rule;
    EXPECT_FALSE(reason->fatal);
    EXPECT_NE(reason->advice.find("set the smoothing to 0"), std::string::npos);
    EXPECT_EQ(reason_of(once, "looks-smoothed"), nullptr) << rule;
  }
  SuggestOptions own;
  own.rule = "valley";
  EXPECT_EQ(reason_of(suggest({history}, own), "looks-smoothed"), nullptr);
  EXPECT_EQ(reason_of(suggest({Typical().trial()}, of_another_tool("valley")), "looks-smoothed"), nullptr);
}

TEST(SmoothedAlready, SmoothingOfNothingIsObeyedByEveryRule) {
  // torch-lr-finder: numpy.gradient of history[10:-5]; ignite: central differences up to the minimum.
  Trial history = Typical{.seed = 3}.trial();
  history.loss = lean(history.loss, 0.05);
  const std::vector<double>& loss = history.loss;
  std::size_t steepest = 11;
  for (std::size_t i = 11; i + 6 < loss.size(); ++i)
    if (loss[i + 1] - loss[i - 1] < loss[steepest + 1] - loss[steepest - 1]) steepest = i;
  const auto by_rule = suggest({history}, of_another_tool("torch-lr-finder", 0)).by_rule;
  EXPECT_EQ(by_rule.at("torch-lr-finder"), history.lr[steepest]);
  const auto lowest = static_cast<std::size_t>(std::min_element(loss.begin(), loss.end()) - loss.begin());
  std::size_t descent = 1;
  for (std::size_t i = 1; i < lowest; ++i)
    if (loss[i + 1] - loss[i - 1] < loss[descent + 1] - loss[descent - 1]) descent = i;
  EXPECT_EQ(by_rule.at("ignite"), history.lr[descent]);
}

TEST(LowStart, DistrustsACurveThatIsLowestAtItsFirstRates) {
  Trial history = Typical().trial();
  history.loss = lightning_history(history.loss);
  const Suggestion misled = suggest({history}, of_another_tool("lrfind"));
  ASSERT_NE(reason_of(misled, "low-start"), nullptr);
  EXPECT_TRUE(reason_of(misled, "low-start")->fatal);
  EXPECT_FALSE(misled.trusted);
  // ignite looks up to the lowest point only, and has nothing to go on.
  EXPECT_NE(reason_of(suggest({history}, of_another_tool("ignite", 0)), "low-start"), nullptr);
  // Lightning's own rule passes over the ten points that are distorted.
  const Suggestion own = suggest({history}, of_another_tool("lightning", 0));
  ASSERT_NE(reason_of(own, "low-start"), nullptr);
  EXPECT_FALSE(reason_of(own, "low-start")->fatal);
  EXPECT_EQ(reason_of(suggest({Typical().trial()}, of_another_tool("lrfind")), "low-start"), nullptr);
}

TEST(LowStart, SeesTheDistortionAlsoWhereTheLossFallsBelowIt) {
  Trial history = Typical{.fall = 2.2}.trial();
  history.loss = lightning_history(history.loss);
  history.loss[60] = 0.1;  // lower than the first
  EXPECT_NE(reason_of(suggest({history}, of_another_tool("lrfind")), "low-start"), nullptr);
}

}  // namespace
}  // namespace lrfind::analysis
