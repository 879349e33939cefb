#include "platform/did_you_mean.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using lrfind::near_words;
using Words = std::vector<std::string>;

const Words options = {"batch-size", "batch-sizes", "max-lr", "min-lr", "optimizer", "workers", "precision"};
const Words optimizers = {"sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "lion", "lars", "lamb"};

TEST(DidYouMean, OneLetterMissingAddedChangedOrSwapped) {
  EXPECT_EQ(near_words("optimzer", options), Words{"optimizer"});
  EXPECT_EQ(near_words("optimizzer", options), Words{"optimizer"});
  EXPECT_EQ(near_words("optimiser", options), Words{"optimizer"});
  EXPECT_EQ(near_words("optimzier", options), Words{"optimizer"});
  EXPECT_EQ(near_words("sdg", optimizers), Words{"sgd"});
}

TEST(DidYouMean, AllThatAreEquallyNear) {
  EXPECT_EQ(near_words("adamx", optimizers), (Words{"adam", "adamw"}));
  EXPECT_EQ(near_words("lamp", optimizers), Words{"lamb"});
}

TEST(DidYouMean, SpellingAndOrderDoNotCount) {
  EXPECT_EQ(near_words("Batch_Size", options), Words{"batch-size"});
  EXPECT_EQ(near_words("lr-max", options), Words{"max-lr"});
  EXPECT_EQ(near_words("batchsize", options), Words{"batch-size"});
}

TEST(DidYouMean, BeginningsAndParts) {
  EXPECT_EQ(near_words("prec", options), Words{"precision"});
  EXPECT_EQ(near_words("exponential", {"exp", "linear"}), Words{"exp"});
  EXPECT_EQ(near_words("num-workers", options), Words{"workers"});
}

TEST(DidYouMean, NothingWhereNothingIsNear) {
  EXPECT_EQ(near_words("frobnicate", options), Words{});
  EXPECT_EQ(near_words("gpu", {"auto", "cpu", "cuda"}), Words{});
  EXPECT_EQ(near_words("resnet50", {"resnet8", "resnet18", "resnet20"}), Words{});
  EXPECT_EQ(near_words("x", options), Words{});
  EXPECT_EQ(near_words("", options), Words{});
  EXPECT_EQ(near_words(std::string(100000, 'a'), options), Words{});
}

}  // namespace
