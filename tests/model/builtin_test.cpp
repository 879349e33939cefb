// The built-in networks against the figures of their papers and of torchvision.
#include "model/builtin.hpp"
#include <lrfind/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace lrfind::model {
namespace {

std::unique_ptr<Network> make(const std::string& name, BuiltinOptions options, std::uint64_t seed = 1) {
  auto network = make_builtin(name, options);
  network->initialise(seed);
  return network;
}

std::int64_t parameters_of(const std::string& name, const BuiltinOptions& options) {
  return count_parameters(*make_builtin(name, options));
}

BuiltinOptions imagenet(int depth = 0, double width = 1) {
  return {.channels = 3, .height = 224, .width = 224, .classes = 1000, .width_factor = width, .depth = depth};
}

TEST(Builtin, Resnet18And34HaveTorchvisionsParameterCounts) {
  // torchvision.models documentation, "num_params" of ResNet18_Weights and ResNet34_Weights.
  EXPECT_EQ(parameters_of("resnet18", imagenet()), 11'689'512);
  EXPECT_EQ(parameters_of("resnet18", imagenet(34)), 21'797'672);
}

TEST(Builtin, MobilenetHasTorchvisionsParameterCountsAtEveryWidth) {
  EXPECT_EQ(parameters_of("mobilenet", imagenet()), 3'504'872);  // "num_params" of MobileNet_V2_Weights
  // The paper's table 4 gives 2.61 M, 1.95 M and 6.9 M (its 1.4 counts differently); these are torchvision's numbers,
  // whose channels are rounded to multiples of 8, never down by more than a tenth.
  EXPECT_EQ(parameters_of("mobilenet", imagenet(0, 0.75)), 2'636'424);
  EXPECT_EQ(parameters_of("mobilenet", imagenet(0, 0.5)), 1'968'680);
  EXPECT_EQ(parameters_of("mobilenet", imagenet(0, 1.4)), 6'108'776);
}

TEST(Builtin, CifarResnetsHaveThePapersParameterCounts) {
  // He et al. 2015, table 6, in full digits as their usual re-implementation counts them with parameter-free shortcuts:
  // 0.27, 0.46, 0.66 and 0.85 M. Ours project where the size changes: 16 x 32 + 2 x 32 and 32 x 64 + 2 x 64 more.
  constexpr std::int64_t projections = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64;
  EXPECT_EQ(parameters_of("resnet20", {}), 269'722 + projections);
  EXPECT_EQ(parameters_of("resnet20", {.depth = 32}), 464'154 + projections);
  EXPECT_EQ(parameters_of("resnet20", {.depth = 44}), 658'586 + projections);
  EXPECT_EQ(parameters_of("resnet20", {.depth = 56}), 853'018 + projections);
  // By hand: the stem, one block for each of three widths, the projections, the head.
  const auto block = [](std::int64_t in, std::int64_t out) { return 9 * in * out + 9 * out * out + 4 * out; };
  EXPECT_EQ(parameters_of("resnet8", {}),
            9 * 3 * 16 + 32 + block(16, 16) + block(16, 32) + block(32, 64) + projections + 64 * 10 + 10);
}

TEST(Builtin, VggConvolutionsHaveTorchvisionsParameterCounts) {
  // torchvision's vggN().features without batch normalisation; ours has a scale and a shift per channel in place of the
  // convolution's bias, so one more number per channel, and one linear layer.
  constexpr std::int64_t head = 512 * 1000 + 1000;
  EXPECT_EQ(parameters_of("vgg11", imagenet(11)), 9'220'480 + 2752 + head);
  EXPECT_EQ(parameters_of("vgg11", imagenet(13)), 9'404'992 + 2944 + head);
  EXPECT_EQ(parameters_of("vgg11", imagenet(16)), 14'714'688 + 4224 + head);
}

TEST(Builtin, SmallNetworksHaveTheCountsOfTheirFormula) {
  EXPECT_EQ(parameters_of("small-cnn", {}), 9 * (3 * 32 + 32 * 64 + 64 * 128) + 2 * (32 + 64 + 128) + 128 * 10 + 10);
  // 32 x 32 pixels leave 4 x 4 positions for the head.
  EXPECT_EQ(parameters_of("plain-cnn", {}), 9 * (3 * 32 + 32 * 64 + 64 * 128) + (32 + 64 + 128) + 128 * 16 * 10 + 10);
}

TEST(Builtin, WidthScalesParametersBySquare) {
  for (const char* name : {"small-cnn", "plain-cnn", "resnet8", "resnet20", "vgg11"}) {
    const auto full = static_cast<double>(parameters_of(name, {.width_factor = 2}));
    const auto half = static_cast<double>(parameters_of(name, {.width_factor = 1}));
    EXPECT_GT(full / half, 3.0) << name;
    EXPECT_LT(full / half, 4.0) << name;
  }
}

TEST(Builtin, MultiplyAddsAgreeWithPublishedFigures) {
  const auto cost = [](const std::string& name, const BuiltinOptions& options) {
    const auto network = make(name, options);
    return count_multiply_adds(*network, torch::zeros({1, options.channels, options.height, options.width}));
  };
  EXPECT_EQ(cost("resnet18", imagenet()), 1'814'073'344);  // torchvision: 1.814 GFLOPS
  EXPECT_EQ(cost("mobilenet", imagenet()), 300'774'272);   // Sandler et al. 2018, table 4: 300 M; torchvision 0.301
  EXPECT_EQ(cost("resnet20", {}), 40'813'184);             // about 41 M, by adding up 3x3 and 1x1 convolutions
  EXPECT_EQ(cost("small-cnn", {.channels = 1, .height = 28, .width = 28}),
            28 * 28 * 9 * 32 + 14 * 14 * 9 * 32 * 64 + 7 * 7 * 9 * 64 * 128 + 128 * 10);
}

TEST(Builtin, MultiplyAddsArePerImage) {
  const auto network = make("resnet8", {});
  EXPECT_EQ(count_multiply_adds(*network, torch::zeros({5, 3, 32, 32})),
            count_multiply_adds(*network, torch::zeros({1, 3, 32, 32})));
}

TEST(Builtin, AdaptsToImageSizeChannelsAndClasses) {
  torch::manual_seed(0);
  for (const auto& description : builtin_networks()) {
    for (const auto& [height, width] : std::vector<std::pair<int, int>>{
             {1, 1}, {2, 3}, {3, 3}, {4, 4}, {7, 5}, {8, 8}, {28, 28}, {48, 31}, {64, 64}, {224, 224}}) {
      for (const int channels : {1, 3}) {
        if (height == 224 && channels == 1) continue;
        const auto network =
            make(description.name,
                 {.channels = channels, .height = height, .width = width, .classes = 7, .width_factor = 0.125});
        const std::string where = description.name + " on " + std::to_string(channels) + " x " +
                                  std::to_string(height) + " x " + std::to_string(width);
        network->train(true);
        const auto logits = network->forward(torch::randn({3, channels, height, width}));
        ASSERT_EQ(logits.sizes(), (std::vector<std::int64_t>{3, 7})) << where;
        EXPECT_TRUE(logits.isfinite().all().item<bool>()) << where;
        logits.sum().backward();
        for (const auto& [parameter, tensor] : network->parameters()) {
          EXPECT_TRUE(tensor.grad().defined()) << where << ": " << parameter << " is not trained";
        }
      }
    }
  }
}

TEST(Builtin, RefusesNamesAndDepthsThatDoNotExist) {
  const auto message = [](const std::string& name, int depth) -> std::string {
    try {
      make_builtin(name, {.depth = depth});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("lenet", 0).find("small-cnn, plain-cnn, resnet8"), std::string::npos);
  EXPECT_NE(message("resnet20", 21).find("--depth 21 does not fit --model resnet20, which takes 20, 32, 44, 56"),
            std::string::npos);
  EXPECT_NE(message("small-cnn", 3).find("has one depth only"), std::string::npos);
}

TEST(Builtin, FreshWeightsAreUniformWithinOneOverRootFanIn) {
  const auto network = make("plain-cnn", {.channels = 3, .width_factor = 2});
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, tensor] : network->parameters()) tensors[name] = tensor.detach();
  // Convolution 2 reads 3 x 3 x 64 numbers, the classifier 256 x 4 x 4.
  for (const auto& [layer, fan_in] :
       std::map<std::string, double>{{"conv1", 27}, {"conv2", 9 * 64}, {"conv3", 9 * 128}, {"classifier", 256 * 16}}) {
    const double bound = 1 / std::sqrt(fan_in);
    const auto weight = tensors.at(layer + ".weight").to(torch::kDouble).flatten();
    const auto n = static_cast<double>(weight.numel());
    EXPECT_LE(weight.abs().max().item<double>(), bound) << layer;
    EXPECT_GT(weight.abs().max().item<double>(), bound * (1 - 20 / n)) << layer;
    // A uniform distribution's deviation is bound / sqrt(3); its sample's own deviation is bound / sqrt(3 n) about the
    // mean and bound^2 sqrt(4 / (45 n)) about the mean square.
    EXPECT_NEAR(weight.mean().item<double>(), 0, 4 * bound / std::sqrt(3 * n)) << layer;
    EXPECT_NEAR(weight.square().mean().item<double>(), bound * bound / 3, 4 * bound * bound * std::sqrt(4 / (45 * n)))
        << layer;
    EXPECT_LE(tensors.at(layer + ".bias").abs().max().item<double>(), bound) << layer;
    EXPECT_GT(tensors.at(layer + ".bias").abs().max().item<double>(), 0) << layer;
  }
}

TEST(Builtin, FreshNormalisationIsTheIdentity) {
  const auto network = make("resnet8", {});
  const torch::NoGradGuard no_grad;
  network->train(true);
  network->forward(torch::randn({8, 3, 32, 32}) * 3 + 1);
  network->initialise(5);
  for (const auto& list : {network->parameters(), network->buffers()}) {
    for (const auto& [name, tensor] : list) {
      if (name.find(".norm.") == std::string::npos) continue;
      const bool one = name.find(".weight") != std::string::npos || name.find("running_var") != std::string::npos;
      EXPECT_TRUE(tensor.eq(one ? 1 : 0).all().item<bool>()) << name;
    }
  }
}

TEST(Builtin, FreshWeightsFollowFromTheSeedAlone) {
  const auto weights = [](std::uint64_t global, std::uint64_t seed, int threads) {
    torch::manual_seed(global);
    torch::set_num_threads(threads);
    const auto network = make("resnet8", {}, seed);
    std::vector<torch::Tensor> list;
    for (const auto& parameter : network->parameters()) list.push_back(parameter.tensor.detach().flatten());
    return torch::cat(list);
  };
  EXPECT_TRUE(weights(1, 42, 1).equal(weights(2, 42, 2)));
  EXPECT_FALSE(weights(1, 42, 1).equal(weights(1, 43, 1)));
}

TEST(Builtin, EvaluationModeDropsNothingAndUsesRunningStatistics) {
  const auto network = make("mobilenet", {.width_factor = 0.25});
  const torch::NoGradGuard no_grad;
  network->train(false);
  const auto images = torch::randn({4, 3, 32, 32});
  const auto together = network->forward(images);
  EXPECT_TRUE(together.equal(network->forward(images)));
  EXPECT_TRUE(torch::allclose(together[0], network->forward(images.slice(0, 0, 1))[0], 1e-4, 1e-5));
  network->train(true);
  EXPECT_FALSE(torch::allclose(network->forward(images), network->forward(images)));
}

}  // namespace
}  // namespace lrfind::model
