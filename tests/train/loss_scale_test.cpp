#include "train/loss_scale.hpp"

#include "platform/torch_compat.hpp"
#include "train/regression.hpp"
#include "train/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lrfind::train {
namespace {

const std::vector<torch::Tensor> fine = {torch::ones({3}), torch::ones({2})};

double value_of(const LossScale& scale) { return scale.scaled(torch::ones({})).item<double>(); }

TEST(LossScale, IsHalvedByAnOverflowAndDoubledAfter2000Updates) {
  LossScale scale(Precision::fp16, torch::kCPU);
  EXPECT_EQ(value_of(scale), 65536);
  for (const double bad : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    EXPECT_TRUE(scale.overflowed({torch::ones({2}), torch::full({3}, bad)}).item<bool>());
  }
  EXPECT_EQ(value_of(scale), 16384);
  for (int update = 0; update < 1999; ++update) EXPECT_FALSE(scale.overflowed(fine).item<bool>());
  EXPECT_EQ(value_of(scale), 16384);
  scale.overflowed(fine);
  EXPECT_EQ(value_of(scale), 32768);
  for (int update = 0; update < 1999; ++update) scale.overflowed(fine);
  EXPECT_EQ(value_of(scale), 32768);
  scale.reset();
  EXPECT_EQ(value_of(scale), 65536);
}

TEST(LossScale, UndoesItself) {
  const LossScale scale(Precision::fp16, torch::kCPU);
  std::vector<torch::Tensor> gradient(2, scale.scaled(torch::full({}, 0.3)));
  scale.unscale(gradient);
  for (const auto& part : gradient) EXPECT_TRUE(part.equal(torch::full({}, 0.3)));
}

TEST(LossScale, IsForFp16Alone) {
  LossScale scale(Precision::bf16, torch::kCPU);
  EXPECT_FALSE(scale.overflowed({torch::full({3}, std::nan(""))}).defined());
  EXPECT_EQ(value_of(scale), 1);
  EXPECT_TRUE(scale.state().empty());
}

// Steps in fp16 on the CPU, which the program refuses because they are slow there, on images that are all white (2 when
// normalised) and of the class that the network thinks least likely: the gradient of its weights is -1 to -2, of which
// 65536 times is more than fp16 holds, 32768 times is not.
TEST(LossScale, AnOverflowLeavesTheStepOut) {
#if LRFIND_TORCH_AT_LEAST(2, 4)
  const auto pixels = torch::full({16, side, side, 1}, 255, torch::kByte);
  const auto labels = Regression().forward(torch::full({16, 1, side, side}, 2.0)).argmin(1);
  const ByteTensors white{pixels, labels};
  for (const auto kind : {OptimizerKind::sgd, OptimizerKind::adam}) {
    Regression network;
    Recipe recipe;
    recipe.precision = Precision::fp16;
    recipe.optimizer.kind = kind;
    Trainer trainer(network, recipe, {{0.5}, {0.25}}, torch::kCPU);
    trainer.start(1, false);
    const auto before = network.weight_.detach().clone();
    const auto first = trainer.step({white}, 0.01, true);
    EXPECT_TRUE(network.weight_.detach().equal(before));
    EXPECT_TRUE(std::isfinite(first.loss));
    EXPECT_TRUE(std::isnan(first.gain_ratio));
    EXPECT_TRUE(std::isnan(trainer.step({white}, 0.01, false).alignment_of_previous));
    const auto change = network.weight_.detach() - before;

    // As if there had been no first step.
    Regression plain_network;
    recipe.precision = Precision::fp32;
    Trainer plain(plain_network, recipe, {{0.5}, {0.25}}, torch::kCPU);
    plain.start(1, false);
    EXPECT_NEAR(plain.step({white}, 0.01, false).loss, first.loss, 0.01);
    const auto plain_change = plain_network.weight_.detach() - before;
    EXPECT_LT((change - plain_change).abs().max().item<double>(), 0.01 * plain_change.abs().max().item<double>());
  }
#else
  GTEST_SKIP() << "this LibTorch cannot compute in fp16 on the CPU";
#endif
}

}  // namespace
}  // namespace lrfind::train
