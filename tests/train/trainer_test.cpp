// Training steps against formulas worked out by hand.
#include "train/trainer.hpp"
#include <lrfind/error.hpp>

#include "model/builtin.hpp"
#include "train/parameter_groups.hpp"
#include "train/regression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace lrfind::train {
namespace {

using Tensors = std::vector<torch::Tensor>;

const Normalisation grey{{0.5}, {0.25}};

ByteTensors batch_of(std::uint64_t seed, int size = 16, int channels = 1) {
  torch::manual_seed(seed);
  return {torch::randint(0, 256, {size, side, side, channels}, torch::kByte),
          torch::randint(0, classes, {size}, torch::kLong)};
}

// The closed form, in double precision.
struct Softmax {
  torch::Tensor x, y, log_p;

  Softmax(const ByteTensors& batch, const torch::Tensor& weight, const torch::Tensor& bias)
      : x((batch.pixels.to(torch::kDouble).flatten(1) / 255 - 0.5) / 0.25),
        y(torch::one_hot(batch.labels, classes).to(torch::kDouble)) {
    const auto z = x.matmul(weight.detach().to(torch::kDouble).t()) + bias.detach().to(torch::kDouble);
    log_p = z - z.exp().sum(1, true).log();
  }
  double loss() const { return -(y * log_p).sum(1).mean().item<double>(); }
  torch::Tensor weight_gradient() const { return (log_p.exp() - y).t().matmul(x) / x.size(0); }
  torch::Tensor bias_gradient() const { return (log_p.exp() - y).mean(0); }
  double accuracy() const { return log_p.argmax(1).eq(y.argmax(1)).to(torch::kDouble).mean().item<double>(); }
};

Recipe plain_sgd() {
  Recipe recipe;
  recipe.optimizer.momentum = 0;
  return recipe;
}

std::unique_ptr<model::Network> builtin(const std::string& name, int channels = 1) {
  return model::make_builtin(name, {.channels = channels, .height = side, .width = side, .classes = classes});
}

Tensors snapshot(const std::vector<model::NamedTensor>& tensors) {
  Tensors copies;
  for (const auto& item : tensors) copies.push_back(item.tensor.detach().clone());
  return copies;
}

double largest_difference(const Tensors& a, const Tensors& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, (a[i].to(torch::kDouble) - b[i].to(torch::kDouble)).abs().max().item<double>());
  }
  return largest;
}

std::string refusal(model::Network& network, const Recipe& recipe) {
  try {
    Trainer trainer(network, recipe, grey, torch::kCPU);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Normalise, IsTheFormulaForEveryByteAndChannel) {
  const auto pixels = torch::arange(256, torch::kLong).repeat({3, 1}).t().reshape({1, 16, 16, 3}).to(torch::kByte);
  const Normalisation normalisation{{0.1, 0.5, 0.9}, {0.2, 0.3, 0.4}};
  const auto images = Normaliser(normalisation, torch::kCPU)(pixels);
  ASSERT_EQ(images.sizes(), (std::vector<std::int64_t>{1, 3, 16, 16}));
  EXPECT_TRUE(images.is_contiguous(torch::MemoryFormat::ChannelsLast));
  for (int channel = 0; channel < 3; ++channel) {
    const auto c = static_cast<std::size_t>(channel);
    for (int value = 0; value < 256; ++value) {
      EXPECT_NEAR(images[0][channel][value / 16][value % 16].item<double>(),
                  (value / 255.0 - normalisation.mean[c]) / normalisation.std[c], 1e-6);
    }
  }
}

TEST(Trainer, TakesTheStepOfTheClosedForm) {
  Regression network;
  Trainer trainer(network, plain_sgd(), grey, torch::kCPU);
  trainer.start(1, false);
  const auto batch = batch_of(2);
  const Softmax before(batch, network.weight_, network.bias_);
  const auto weight = network.weight_.detach().to(torch::kDouble);
  const auto measured = trainer.step({batch}, 0.25, false);
  EXPECT_NEAR(measured.loss, before.loss(), 1e-6);
  EXPECT_LT(largest_difference({network.weight_.detach()}, {weight - 0.25 * before.weight_gradient()}), 1e-6);
  EXPECT_TRUE(std::isnan(measured.gain_ratio));
}

TEST(Trainer, GainRatioIsActualOverPredictedDecrease) {
  // From 1 for a tiny step, as the first-order prediction is exact there, to little for one that overshoots.
  for (const double lr : {1e-3, 1e-2, 0.1, 1.0, 10.0}) {
    Regression network;
    Trainer trainer(network, plain_sgd(), grey, torch::kCPU);
    trainer.start(1, false);
    const auto batch = batch_of(2);
    const Softmax before(batch, network.weight_, network.bias_);
    const auto measured = trainer.step({batch}, lr, true);
    const Softmax after(batch, network.weight_, network.bias_);
    const double predicted =
        lr * (before.weight_gradient().square().sum() + before.bias_gradient().square().sum()).item<double>();
    EXPECT_NEAR(measured.gain_ratio, (before.loss() - after.loss()) / predicted, lr < 0.005 ? 2e-3 : 2e-4) << lr;
    if (lr < 0.005) {
      EXPECT_NEAR(measured.gain_ratio, 1, 0.02);
    }
    if (lr > 5) {
      EXPECT_LT(measured.gain_ratio, 0.1);
    }
  }
}

TEST(Trainer, GainRatioIsNotMeasuredWithinFloatNoise) {
  Regression network;
  Trainer trainer(network, plain_sgd(), grey, torch::kCPU);
  trainer.start(1, false);
  EXPECT_TRUE(std::isnan(trainer.step({batch_of(2)}, 1e-9, true).gain_ratio));
}

TEST(Trainer, AlignmentComparesTheUpdateWithTheNextBatchsGradient) {
  Regression network;
  Trainer trainer(network, plain_sgd(), grey, torch::kCPU);
  trainer.start(1, false);
  const auto first_batch = batch_of(2), second_batch = batch_of(3);
  const Softmax first(first_batch, network.weight_, network.bias_);
  EXPECT_TRUE(std::isnan(trainer.step({first_batch}, 0.05, false).alignment_of_previous));
  const Softmax second(second_batch, network.weight_, network.bias_);
  // Without momentum: the inner product of both gradients over the first one's square.
  const double expected =
      ((first.weight_gradient() * second.weight_gradient()).sum() +
       (first.bias_gradient() * second.bias_gradient()).sum())
          .item<double>() /
      (first.weight_gradient().square().sum() + first.bias_gradient().square().sum()).item<double>();
  EXPECT_NEAR(trainer.step({second_batch}, 0.05, false).alignment_of_previous, expected, 1e-4);
}

// More weights than the processor's cache is given at once.
TEST(Trainer, ManyWeightsTakePyTorchsSteps) {
  constexpr int large = 300;
  torch::manual_seed(5);
  const ByteTensors batch{torch::randint(0, 256, {4, large, large, 1}, torch::kByte), torch::tensor({0, 1, 2, 3})};
  Regression network(large * large);
  Recipe recipe;
  recipe.optimizer.weight_decay = 0.01;
  recipe.grad_clip = 0.5;
  recipe.lr_mult = {{"bias", 3}};
  Trainer trainer(network, recipe, grey, torch::kCPU);
  trainer.start(1, false);

  Tensors reference = snapshot(network.parameters());
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (auto& tensor : reference) {
    const auto options = torch::optim::SGDOptions(tensor.dim() == 1 ? 0.03 : 0.01).momentum(0.9).weight_decay(0.01);
    groups.emplace_back(Tensors{tensor.requires_grad_(true)}, std::make_unique<torch::optim::SGDOptions>(options));
  }
  torch::optim::SGD optimizer(groups, torch::optim::SGDOptions(0.01));
  const auto images = Normaliser(grey, torch::kCPU)(batch.pixels).flatten(1);
  const auto inner = [](const Tensors& a, const Tensors& b) {
    return ((a[0] * b[0]).sum(torch::kDouble) + (a[1] * b[1]).sum(torch::kDouble)).item<double>();
  };
  Tensors change;
  double predicted = 0;
  for (int step = 0; step < 4; ++step) {
    optimizer.zero_grad();
    const auto loss = torch::cross_entropy_loss(torch::linear(images, reference[0], reference[1]), batch.labels);
    loss.backward();
    const auto measured = trainer.step({batch}, 0.01, false);
    EXPECT_NEAR(measured.loss, loss.item<double>(), 1e-4 * loss.item<double>()) << step;
    const Tensors gradient{reference[0].grad().clone(), reference[1].grad().clone()};
    if (step > 0) {
      const double alignment = -inner(gradient, change) / predicted;
      EXPECT_NEAR(measured.alignment_of_previous, alignment, 1e-4 * std::abs(alignment)) << step;
    }
    const Tensors before = {reference[0].detach().clone(), reference[1].detach().clone()};
    torch::nn::utils::clip_grad_norm_(reference, 0.5);
    optimizer.step();
    change = {reference[0].detach() - before[0], reference[1].detach() - before[1]};
    predicted = std::abs(inner(gradient, change));
    EXPECT_LT(largest_difference(snapshot(network.parameters()), {reference[0].detach(), reference[1].detach()}), 1e-6);
  }
}

TEST(Trainer, UpdateRatiosAreNormOfChangeOverNormOfWeights) {
  Regression network;
  Trainer trainer(network, plain_sgd(), grey, torch::kCPU);
  trainer.start(1, false);
  trainer.record_update_ratios(true);
  const auto batch = batch_of(2);
  const Softmax before(batch, network.weight_, network.bias_);
  const double norm = network.weight_.detach().norm().item<double>();
  trainer.step({batch}, 0.5, false);
  ASSERT_EQ(trainer.update_ratios().size(), 2U);
  EXPECT_NEAR(trainer.update_ratios()[0], 0.5 * before.weight_gradient().norm().item<double>() / norm, 1e-5);
}

TEST(Trainer, EvaluateGivesMeanLossAndAccuracyOverAllImages) {
  Regression network;
  Recipe recipe = plain_sgd();
  recipe.label_smoothing = 0.3;  // has no part in it
  recipe.class_weights = {1, 2, 3, 4};
  Trainer trainer(network, recipe, grey, torch::kCPU);
  trainer.start(1, false);
  const auto large = batch_of(2, 24), small = batch_of(3, 8);
  const Softmax a(large, network.weight_, network.bias_), b(small, network.weight_, network.bias_);
  const auto found = trainer.evaluate({large, small});
  EXPECT_NEAR(found.loss, (24 * a.loss() + 8 * b.loss()) / 32, 1e-6);
  EXPECT_NEAR(found.accuracy, (24 * a.accuracy() + 8 * b.accuracy()) / 32, 1e-12);
}

TEST(Trainer, LabelSmoothingMixesInTheUniformDistribution) {
  Regression network;
  Recipe recipe = plain_sgd();
  recipe.label_smoothing = 0.2;
  Trainer trainer(network, recipe, grey, torch::kCPU);
  trainer.start(1, false);
  const auto batch = batch_of(2);
  const Softmax form(batch, network.weight_, network.bias_);
  const auto target = 0.8 * form.y + 0.2 / classes;
  EXPECT_NEAR(trainer.step({batch}, 0.1, false).loss, -(target * form.log_p).sum(1).mean().item<double>(), 1e-6);
}

TEST(Trainer, ClassWeightsWeighTheMean) {
  Regression network;
  Recipe recipe = plain_sgd();
  recipe.class_weights = {0.5, 1, 2, 4};
  Trainer trainer(network, recipe, grey, torch::kCPU);
  trainer.start(1, false);
  const auto batch = batch_of(2);
  const Softmax form(batch, network.weight_, network.bias_);
  const auto weights = form.y.matmul(torch::tensor({0.5, 1.0, 2.0, 4.0}, torch::kDouble));
  const double expected = -((form.y * form.log_p).sum(1) * weights).sum().item<double>() / weights.sum().item<double>();
  EXPECT_NEAR(trainer.step({batch}, 0.1, false).loss, expected, 1e-6);
}

TEST(Trainer, GradientClippingBoundsTheWholeGradient) {
  const auto batch = batch_of(2);
  const auto change = [&](double clip) {
    Regression network;
    Recipe recipe = plain_sgd();
    recipe.grad_clip = clip;
    Trainer trainer(network, recipe, grey, torch::kCPU);
    trainer.start(1, false);
    const auto before = snapshot(network.parameters());
    trainer.step({batch}, 1, false);
    const auto after = snapshot(network.parameters());
    return Tensors{after[0] - before[0], after[1] - before[1]};
  };
  const auto norm = [](const Tensors& t) {
    return std::sqrt((t[0].square().sum() + t[1].square().sum()).item<double>());
  };
  const auto free = change(0);
  ASSERT_GT(norm(free), 0.2);
  const auto clipped = change(0.1);
  EXPECT_NEAR(norm(clipped), 0.1, 1e-5);
  EXPECT_LT(largest_difference(clipped, {free[0] * (0.1 / norm(free)), free[1] * (0.1 / norm(free))}), 1e-6);
  EXPECT_EQ(largest_difference(change(100), free), 0);
}

TEST(Trainer, AccumulatedBatchesEqualOneLargeBatch) {
  const auto large = batch_of(2, 32);
  std::vector<ByteTensors> parts;
  for (int i = 0; i < 4; ++i) {
    parts.push_back({large.pixels.slice(0, 8 * i, 8 * i + 8), large.labels.slice(0, 8 * i, 8 * i + 8)});
  }
  const auto train = [&](const std::vector<ByteTensors>& batches, int accumulate) {
    const auto network = builtin("plain-cnn");
    Recipe recipe;
    recipe.accumulate = accumulate;
    Trainer trainer(*network, recipe, grey, torch::kCPU);
    trainer.start(3, true);
    double loss = 0;
    for (int step = 0; step < 3; ++step) loss = trainer.step(batches, 0.05, false).loss;
    return std::make_pair(loss, snapshot(network->parameters()));
  };
  const auto [one_loss, one] = train({large}, 1);
  const auto [sum_loss, sum] = train(parts, 4);
  EXPECT_NEAR(sum_loss, one_loss, 1e-5);
  EXPECT_LT(largest_difference(one, sum), 1e-5);
}

TEST(Trainer, ProbeTouchesNeitherStatisticsNorOptimizerNorRandomNumbers) {
  const auto run = [&](bool look, bool gain) {
    const auto network = builtin("mobilenet");  // batch normalisation and dropout
    Recipe recipe;
    recipe.optimizer.kind = OptimizerKind::adam;
    Trainer trainer(*network, recipe, grey, torch::kCPU);
    trainer.start(3, true);
    std::vector<double> losses;
    if (look) trainer.set_probe(batch_of(99));
    for (std::uint64_t step = 0; step < 4; ++step) {
      const auto measured = trainer.step({batch_of(step)}, 1e-3, gain);
      losses.push_back(measured.loss);
      EXPECT_EQ(std::isfinite(measured.probe_loss), look);
      if (!look) continue;
      const auto buffers = snapshot(network->buffers()), parameters = snapshot(network->parameters());
      trainer.evaluate({batch_of(98)});
      EXPECT_EQ(largest_difference(buffers, snapshot(network->buffers())), 0);
      EXPECT_EQ(largest_difference(parameters, snapshot(network->parameters())), 0);
    }
    return losses;
  };
  // batch_of() seeds the global random numbers alike in all runs, so dropout draws from a known state unless a probe
  // took numbers in between.
  const auto plain = run(false, false);
  EXPECT_EQ(run(true, false), plain);
  EXPECT_EQ(run(false, true), plain);
  EXPECT_EQ(run(true, true), plain);
}

TEST(Trainer, RandomNumbersContinueAfterAProbeAsIfItHadNotBeen) {
  const auto batch = batch_of(1), probe = batch_of(2);
  const auto run = [&](bool look) {
    const auto network = builtin("mobilenet");
    Trainer trainer(*network, {}, grey, torch::kCPU);
    trainer.start(3, true);
    if (look) trainer.set_probe(probe);
    std::vector<double> losses;
    for (int step = 0; step < 4; ++step) losses.push_back(trainer.step({batch}, 1e-3, look).loss);
    return losses;
  };
  EXPECT_EQ(run(true), run(false));
}

TEST(Trainer, ProbeLossIsThatOfTheUpdatedWeights) {
  Regression network;
  Trainer trainer(network, plain_sgd(), grey, torch::kCPU);
  trainer.start(1, false);
  const auto probe = batch_of(5);
  trainer.set_probe(probe);
  const double measured = trainer.step({batch_of(2)}, 0.5, false).probe_loss;
  EXPECT_NEAR(measured, Softmax(probe, network.weight_, network.bias_).loss(), 1e-6);
  trainer.set_probe({});
  EXPECT_TRUE(std::isnan(trainer.step({batch_of(2)}, 0.5, false).probe_loss));
}

TEST(Trainer, MeasurementsCollectedLaterAreTheSame) {
  const auto run = [&](int ahead) {
    const auto network = builtin("small-cnn");
    Trainer trainer(*network, {}, grey, torch::kCPU);
    trainer.start(3, true);
    trainer.set_probe(batch_of(99));
    std::vector<double> numbers;
    const auto collect = [&] {
      const auto m = trainer.collect();
      for (const double number : {m.loss, m.probe_loss, m.gain_ratio, m.alignment_of_previous}) {
        numbers.push_back(std::isnan(number) ? -1 : number);
      }
    };
    for (int step = 0; step < 8; ++step) {
      trainer.submit({batch_of(static_cast<std::uint64_t>(step))}, 0.02, step % 2 == 0);
      if (step >= ahead) collect();
    }
    for (int step = 0; step < ahead; ++step) collect();
    return numbers;
  };
  EXPECT_EQ(run(3), run(0));
}

TEST(Trainer, StartBeginsTheSameRunAgain) {
  const auto network = builtin("mobilenet");
  Recipe recipe;
  recipe.optimizer.kind = OptimizerKind::adamw;
  Trainer trainer(*network, recipe, grey, torch::kCPU);
  const auto batch = batch_of(1), other = batch_of(2);
  const auto run = [&](std::uint64_t seed, bool fresh) {
    trainer.start(seed, fresh);
    std::vector<double> losses;
    for (int step = 0; step < 3; ++step) losses.push_back(trainer.step({step == 1 ? other : batch}, 1e-2, false).loss);
    return losses;
  };
  const auto first = run(3, true);
  const auto weights_given = run(3, false);
  EXPECT_NE(run(4, true), first);
  EXPECT_EQ(run(3, true), first);
  EXPECT_EQ(run(3, false), weights_given);
}

TEST(Trainer, FrozenParametersStayAndTheOthersMove) {
  const auto network = builtin("small-cnn");
  Recipe recipe;
  recipe.freeze = {"^conv", "norm1"};
  recipe.optimizer.weight_decay = 0.1;
  Trainer trainer(*network, recipe, grey, torch::kCPU);
  trainer.start(3, true);
  const auto names = network->parameters();
  const auto before = snapshot(names);
  for (std::uint64_t step = 0; step < 3; ++step) trainer.step({batch_of(step)}, 0.1, true);
  std::size_t trained = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool frozen = names[i].name.rfind("conv", 0) == 0 || names[i].name.rfind("norm1", 0) == 0;
    EXPECT_EQ(names[i].tensor.equal(before[i]), frozen) << names[i].name;
    trained += frozen ? 0U : 1U;
  }
  EXPECT_EQ(trainer.trained().size(), trained);
}

TEST(Trainer, RateFactorsScaleTheUpdateAndTheLastMatchCounts) {
  const auto change = [](const std::vector<std::pair<std::string, double>>& lr_mult) {
    Regression network;
    Recipe recipe = plain_sgd();
    recipe.lr_mult = lr_mult;
    Trainer trainer(network, recipe, grey, torch::kCPU);
    trainer.start(1, false);
    const auto before = snapshot(network.parameters());
    trainer.step({batch_of(2)}, 0.1, false);
    const auto after = snapshot(network.parameters());
    return Tensors{after[0] - before[0], after[1] - before[1]};
  };
  const auto plain = change({});
  const auto scaled = change({{"layer", 5}, {"bias", 0.5}});
  EXPECT_LT(largest_difference(scaled, {plain[0] * 5, plain[1] * 0.5}), 1e-6);
}

TEST(Trainer, RefusesRecipesThatDoNotFitAndNamesTheOption) {
  Regression network;
  const auto with = [](const std::function<void(Recipe&)>& change) {
    Recipe recipe;
    change(recipe);
    return recipe;
  };
  EXPECT_EQ(refusal(network, {}), "accepted");
  EXPECT_EQ(refusal(network, with([](Recipe& r) { r.freeze = {"head"}; })),
            "--freeze \"head\" matches no parameter; the first is called \"layer.weight\" (lrfind sweep "
            "--list-parameters prints them all)");
  EXPECT_NE(refusal(network, with([](Recipe& r) {
                      r.lr_mult = {{"head", 0.1}};
                    }))
                .find("--lr-mult \"head\" matches no"),
            std::string::npos);
  EXPECT_NE(refusal(network, with([](Recipe& r) { r.freeze = {"["}; })).find("--freeze \"[\" is not a regular"),
            std::string::npos);
  EXPECT_NE(refusal(network, with([](Recipe& r) { r.freeze = {"layer"}; })).find("--freeze leaves no parameter"),
            std::string::npos);
}

TEST(CheckPrecision, RefusesWhatTheDeviceCannotDo) {
  EXPECT_NO_THROW(check_precision(Precision::fp32, torch::kCPU));
  try {
    check_precision(Precision::fp16, torch::kCPU);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--precision fp16 needs a CUDA"), std::string::npos);
  }
  EXPECT_THROW(check_precision(Precision::tf32, torch::kCPU), Error);
  EXPECT_NO_THROW(check_precision(Precision::fp16, torch::kCUDA));
}

// LibTorch's own convolutions instead of oneDNN's.
class WithoutOneDnn {
 public:
  WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(false); }
  WithoutOneDnn(const WithoutOneDnn&) = delete;
  WithoutOneDnn& operator=(const WithoutOneDnn&) = delete;
  ~WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(true); }
};

TEST(Trainer, ContiguousNetworksFollowPlainConvolutions) {
  const auto losses = [] {
    const auto network = model::make_builtin(
        "resnet8", {.channels = 1, .height = side, .width = side, .classes = classes, .width_factor = 0.25});
    Trainer trainer(*network, {}, grey, torch::kCPU, torch::MemoryFormat::Contiguous);
    trainer.start(3, true);
    std::vector<double> result;
    for (std::uint64_t i = 0; i < 8; ++i) result.push_back(trainer.step({batch_of(i)}, 0.02, false).loss);
    return result;
  };
  const auto with = losses();
  const WithoutOneDnn plain;
  const auto without = losses();
  for (std::size_t i = 0; i < with.size(); ++i) EXPECT_NEAR(with[i], without[i], 1e-4) << i;
}

TEST(Trainer, Bf16FollowsFp32WhereTheCpuHasItAndIsRefusedElsewhere) {
  const auto losses = [](Precision precision) {
    const auto network = builtin("plain-cnn");
    Recipe recipe;
    recipe.precision = precision;
    Trainer trainer(*network, recipe, grey, torch::kCPU);
    trainer.start(3, true);
    std::vector<double> list;
    for (std::uint64_t step = 0; step < 5; ++step) list.push_back(trainer.step({batch_of(step)}, 0.01, false).loss);
    return list;
  };
  try {
    const auto bf16 = losses(Precision::bf16);
    const auto fp32 = losses(Precision::fp32);
    EXPECT_NE(bf16, fp32);
    for (std::size_t i = 0; i < fp32.size(); ++i) EXPECT_NEAR(bf16[i] / fp32[i], 1, 0.02);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--precision bf16 needs a CUDA device or a CPU with"), std::string::npos);
  }
}

}  // namespace
}  // namespace lrfind::train
