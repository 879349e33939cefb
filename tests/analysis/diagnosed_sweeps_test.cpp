// Sweeps of real trainings, each good or bad in one way: small networks on Fashion-MNIST and CIFAR-10 images, two
// trials unless said otherwise, measured by a PyTorch training loop of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <lrfind/suggest.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/curves.hpp"

namespace lrfind {
namespace {

std::vector<double> numbers(const nlohmann::json& array) {
  std::vector<double> values;
  for (const auto& value : array)
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  return values;
}

struct Sweep {
  std::vector<Trial> trials;
  SuggestOptions options;
};

Sweep sweep(const std::string& name) {
  for (const auto& each : nlohmann::json::parse(std::ifstream(LRFIND_TEST_FILES "/diagnosed_sweeps.json"))) {
    if (each.at("name") != name) continue;
    Sweep read;
    read.options.optimizer = each.at("optimizer");
    read.options.momentum = each.at("momentum");
    read.options.steps = each.at("steps");
    ImageFacts images;
    images.images_per_step = each.at("images_per_step");
    images.class_counts = numbers(each.at("class_counts"));
    for (const double count : images.class_counts) images.train_images += static_cast<std::size_t>(count);
    read.options.images = images;
    for (const auto& one : each.at("trials")) {
      Trial trial;
      trial.loss = numbers(one.at("loss"));
      trial.alignment = numbers(one.at("alignment"));
      if (one.contains("probe_loss")) trial.probe_loss = numbers(one.at("probe_loss"));
      trial.lr = geometric(each.at("low"), each.at("high"), read.options.steps);
      trial.lr.resize(trial.loss.size());
      trial.stopped = one.at("stopped") == "diverged" ? Stopped::diverged : Stopped::completed;
      read.trials.push_back(trial);
    }
    return read;
  }
  throw std::invalid_argument(name);
}

/// Codes of the reasons, an exclamation mark behind fatal ones.
std::string reasons_of(const Suggestion& suggestion) {
  std::string all;
  for (const Reason& reason : suggestion.reasons)
    all += (all.empty() ? "" : " ") + reason.code + (reason.fatal ? "!" : "");
  return all;
}

std::string reasons_of(const std::string& name) {
  const Sweep read = sweep(name);
  return reasons_of(suggest(read.trials, read.options));
}

std::string message_of(const std::string& name) {
  const Sweep read = sweep(name);
  const Reason reason = suggest(read.trials, read.options).reasons.at(0);
  return reason.message + " " + reason.advice;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CleanSweep, ProvokesNoReason) {
  for (const char* name : {"BatchNorm", "PlainNetworkThatHardlyFalls", "EdgeBeyondTheSweep", "TwoUnevenClasses",
                           "TwoFifthsOfTheLabelsWrong", "InputsTimesHundred", "LogitsTimesThirty", "ThousandImages"}) {
    EXPECT_EQ(reasons_of(name), "") << name;
  }
}

TEST(CleanSweep, ProvokesNoReasonInOneTrialEither) {
  for (const char* name : {"BatchNorm", "PlainNetworkThatHardlyFalls", "EdgeBeyondTheSweep", "TwoUnevenClasses",
                           "TwoFifthsOfTheLabelsWrong", "InputsTimesHundred", "LogitsTimesThirty", "ThousandImages"}) {
    const Sweep read = sweep(name);
    for (const Trial& trial : read.trials) EXPECT_EQ(reasons_of(suggest({trial}, read.options)), "") << name;
  }
}

TEST(RandomLabels, AreSeenByALossThatComesDownToGuessingAndNoLower) {
  for (const char* name : {"ShuffledBatchNorm", "ShuffledPlain", "ShuffledPhotos", "ShuffledFallingToGuessing"})
    EXPECT_EQ(reasons_of(name), "random-labels!") << name;
  EXPECT_TRUE(has(message_of("ShuffledBatchNorm"), "check that the labels belong to their images"));
}

TEST(RandomLabels, AreSeenByTheHeldOutLossWhereFewImagesAreLearnedByHeart) {
  EXPECT_EQ(reasons_of("ShuffledFewImages"), "random-labels!");
  EXPECT_TRUE(has(message_of("ShuffledFewImages"), "memorised"));
}

TEST(RandomLabels, AreOnlySuspectedWhereTheNetworkStartsFarAboveGuessing) {
  EXPECT_EQ(reasons_of("ShuffledLinearFromFarAbove"), "random-labels");
}

TEST(FewImages, AreAWarningAndFatalWhereEveryStepSeesThemAll) {
  EXPECT_EQ(reasons_of("HundredImages"), "few-images");
  EXPECT_EQ(reasons_of("AllImagesAtOnce"), "few-images!");
  EXPECT_TRUE(has(message_of("HundredImages"), "saw each of the 100 training images 64 times"));
}

TEST(OneClassDominates, WhereMostImagesAreOfIt) {
  EXPECT_EQ(reasons_of("OneClass"), "one-class-dominates");
  EXPECT_TRUE(has(message_of("OneClass"), "weigh the classes or balance the images"));
  Sweep balanced = sweep("OneClass");
  balanced.options.images->class_weights = {0.5, 10};
  EXPECT_FALSE(has(reasons_of(suggest(balanced.trials, balanced.options)), "one-class-dominates"));
}

TEST(TooNoisy, AreBatchesOfTwo) {
  EXPECT_EQ(reasons_of("BatchOfTwo"), "too-noisy") << "one trial";
  EXPECT_EQ(reasons_of("FiftyImagesSeen"), "too-noisy!");
  EXPECT_TRUE(has(message_of("BatchOfTwo"), "raise the batch size, the steps or the trials"));
}

TEST(TrialsDisagree, IsAWarningWhereTheirEvidenceLeavesMostOfADecadeOpen) {
  EXPECT_TRUE(has(reasons_of("TwoClassesThatLookAlike") + " ", "trials-disagree "));
}

TEST(TrialsDisagree, IsFatalWhereItLeavesMore) {
  // Sweeps of two networks merged as if they were trials of one.
  Sweep merged = sweep("BatchNorm");
  for (const Trial& trial : sweep("InputsTimesHundred").trials) merged.trials.push_back(trial);
  EXPECT_EQ(reasons_of(suggest(merged.trials, merged.options)), "trials-disagree!");
}

TEST(StillFalling, WhereTheSweepEndsInTheFall) {
  EXPECT_EQ(reasons_of("EndsInTheFall"), "still-falling!");
  EXPECT_EQ(reasons_of("LogitsTimesATwentieth"), "still-falling!");
  EXPECT_TRUE(has(message_of("EndsInTheFall"), "raise the highest rate"));
}

TEST(NeverFell, WhereEveryRateIsTooLow) {
  EXPECT_EQ(reasons_of("EndsTooLow"), "never-fell!");
  EXPECT_TRUE(has(message_of("EndsTooLow"), "raise the highest rate"));
}

TEST(DivergedFromStart, WhereEveryRateIsTooHigh) {
  EXPECT_EQ(reasons_of("StartsTooHigh"), "diverged-from-start!");
  EXPECT_EQ(reasons_of("StartsTooHighWithBatchNorm"), "diverged-from-start!");
  EXPECT_TRUE(has(message_of("StartsTooHigh"), "lower the lowest rate"));
  EXPECT_TRUE(has(message_of("StartsTooHighWithBatchNorm"), "lower the lowest rate"));
}

TEST(TooFewPoints, InTwelveSteps) {
  EXPECT_EQ(reasons_of("TwelveSteps"), "too-few-points!");
  EXPECT_TRUE(has(message_of("TwelveSteps"), "raise the number of steps"));
}

TEST(DiagnosedSweep, AlwaysHasRatesWhereItHasTenSteps) {
  for (const char* name : {"EndsTooLow", "ShuffledPlain", "TwelveSteps", "FiftyImagesSeen", "EndsInTheFall"}) {
    const Sweep read = sweep(name);
    const Suggestion suggestion = suggest(read.trials, read.options);
    EXPECT_FALSE(suggestion.trusted) << name;
    EXPECT_TRUE(suggestion.lr && suggestion.min_lr && suggestion.max_lr && suggestion.interval) << name;
  }
}

}  // namespace
}  // namespace lrfind
