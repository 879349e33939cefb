#include "analysis/diagnosis.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "analysis/curves.hpp"

namespace lrfind::analysis {
namespace {

std::string codes(const std::vector<Reason>& reasons) {
  std::string all;
  for (const Reason& reason : reasons) all += (all.empty() ? "" : " ") + reason.code;
  return all;
}

bool advises(const std::vector<Reason>& reasons, const std::string& option) {
  return std::any_of(reasons.begin(), reasons.end(), [&](const Reason& reason) {
    return (reason.message + reason.advice).find(option) != std::string::npos;
  });
}

using analysis::diagnose;

std::vector<Reason> diagnose(const Trial& trial) { return diagnose(std::vector<Trial>{trial}); }

/// Share of a hundred seeds on which a made curve is diagnosed with exactly these codes.
double share(Typical curve, const std::string& expected) {
  int count = 0;
  for (curve.seed = 0; curve.seed < 100; ++curve.seed) count += codes(diagnose(curve.trial())) == expected;
  return count / 100.0;
}

TEST(Diagnosis, HasNothingAgainstTheUsualCurve) { EXPECT_EQ(share(Typical(), ""), 1); }

TEST(Diagnosis, HasNothingAgainstASweepThatNeverStopsEarly) { EXPECT_EQ(share({.stops_early = false}, ""), 1); }

TEST(Diagnosis, HasNothingAgainstAFallOfATenthOverLittleNoise) {
  EXPECT_GE(share({.start = 0.68, .fall = 0.07, .noise = 0.01}, ""), 0.99);
}

TEST(Diagnosis, HasNothingAgainstALossThatEndsLowAndLevel) {
  EXPECT_EQ(share({.fall = 2.25, .noise = 0.02, .explodes_at = 1e9}, ""), 1);
}

TEST(Diagnosis, HasNothingAgainstNoiselessCurves) { EXPECT_EQ(codes(diagnose(Typical{.noise = 0}.trial())), ""); }

TEST(Diagnosis, SeesALossThatNeverFell) {
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    EXPECT_EQ(codes(diagnose(flat(2.3, 0.05, seed))), "never-fell") << seed;
  EXPECT_TRUE(advises(diagnose(flat(2.3, 0.05, 0)), "raise the highest rate"));
}

TEST(Diagnosis, SeesALossThatOnlyExploded) { EXPECT_GE(share({.fall = 1e-3}, "never-fell"), 0.99); }

TEST(Diagnosis, SeesALossThatIsStillFalling) {
  EXPECT_EQ(share({.high = 2e-3}, "still-falling"), 1);
  EXPECT_TRUE(advises(diagnose(Typical{.high = 2e-3}.trial()), "raise the highest rate"));
}

TEST(Diagnosis, SaysNothingOfFallingWhenTheSweepEndedByDivergence) {
  Trial trial = Typical{.high = 2e-3}.trial();
  trial.stopped = Stopped::diverged;
  EXPECT_EQ(codes(diagnose(trial)), "");
  trial.stopped = Stopped::completed;
  trial.loss.back() = std::numeric_limits<double>::infinity();
  EXPECT_EQ(codes(diagnose(trial)), "");
  trial.loss.back() = 80;
  EXPECT_EQ(codes(diagnose(trial)), "");
}

TEST(Diagnosis, AsksForPatienceWhereTheSweepWasInterrupted) {
  Trial trial = Typical{.high = 2e-3}.trial();
  trial.stopped = Stopped::interrupted;
  EXPECT_EQ(codes(diagnose(trial)), "still-falling");
  EXPECT_TRUE(advises(diagnose(trial), "let the sweep run on"));
}

TEST(Diagnosis, SeesALossThatRoseFromTheStart) {
  EXPECT_GE(share({.low = 0.4, .high = 40}, "diverged-from-start"), 0.95);
  EXPECT_TRUE(advises(diagnose(Typical{.low = 0.4, .high = 40}.trial()), "lower the lowest rate"));
  Trial blown;
  blown.lr = geometric(10, 100, 30);
  blown.loss.assign(30, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(codes(diagnose(blown)), "diverged-from-start");
}

TEST(Diagnosis, SeesTooFewPoints) {
  EXPECT_EQ(codes(diagnose(Typical{.steps = 12, .stops_early = false}.trial())), "too-few-points");
  EXPECT_EQ(codes(diagnose(Trial())), "too-few-points");
  EXPECT_EQ(codes(diagnose(std::vector<Trial>())), "too-few-points");
}

TEST(Diagnosis, WarnsOfNoise) {
  EXPECT_GE(share({.fall = 0.6, .noise = 0.18}, "too-noisy"), 0.5);
  const std::vector<Reason> reasons = diagnose(Typical{.fall = 0.6, .noise = 0.18, .seed = 1}.trial());
  ASSERT_EQ(codes(reasons), "too-noisy");
  EXPECT_FALSE(reasons.front().fatal);
  EXPECT_TRUE(advises(reasons, "raise the batch size"));
}

TEST(Diagnosis, ForgetsTheNoiseOfOneTrialWhereTheMeanOfManyIsClear) {
  std::vector<Trial> trials;
  for (std::uint64_t seed = 0; seed < 9; ++seed)
    trials.push_back(Typical{.fall = 0.6, .noise = 0.2, .seed = seed}.trial());
  EXPECT_EQ(codes(diagnose(trials)), "");
}

TEST(Diagnosis, OnlyWarnsOfWhatFewerThanHalfOfTheTrialsShow) {
  std::vector<Trial> trials;
  for (std::uint64_t seed = 0; seed < 5; ++seed) trials.push_back(Typical{.seed = seed}.trial());
  trials.push_back(Typical{.high = 2e-3}.trial());
  const std::vector<Reason> reasons = diagnose(trials);
  ASSERT_EQ(codes(reasons), "still-falling");
  EXPECT_FALSE(reasons.front().fatal);
  EXPECT_EQ(reasons.front().message.rfind("In 1 of 6 trials: ", 0), 0U);
}

TEST(Diagnosis, ReadsRealCurvesAsAPersonWould) {
  const nlohmann::json curves = peer_suggestions().at("curves");
  const std::map<std::string, std::string> expected = {{"still-falling", "still-falling"},
                                                       {"never-fell", "never-fell"},
                                                       {"diverged-from-start", "diverged-from-start"},
                                                       // Batches of 16 images of two classes, which look alike.
                                                       {"two-classes", "too-noisy"}};
  for (const auto& [name, recording] : curves.items()) {
    const auto bad = expected.find(name);
    EXPECT_EQ(codes(diagnose(recorded(recording))), bad == expected.end() ? "" : bad->second) << name;
  }
}

TEST(Disagreement, IsSpreadBeyondWhatSeedsExplain) {
  EXPECT_EQ(codes(disagreement({.per_trial = {1e-3}})), "");
  EXPECT_EQ(codes(disagreement({.per_trial = {1e-3, 1e-2}})), "");
  EXPECT_EQ(codes(disagreement({.per_trial = {1e-4, 1e-2}})), "trials-disagree");
  EXPECT_EQ(codes(disagreement({.per_trial = {1e-3, 2e-3, 5e-3, 8e-3}})), "");
  EXPECT_EQ(codes(disagreement({.per_trial = {1e-5, 2e-3, 5e-3, 1e-2}})), "trials-disagree");
}

}  // namespace
}  // namespace lrfind::analysis
