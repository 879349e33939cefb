// Programs of torch.export against what PyTorch itself made of the same networks (files/exported_programs.json).
#include "model/exported_network.hpp"

#include "model/exported_files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace lrfind::model {
namespace {

nlohmann::json expected(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(std::string(LRFIND_TEST_FILES) + "/exported_programs.json")).at(name);
}

// images() of files/make_exported_programs.py
torch::Tensor images(std::int64_t count) {
  const std::int64_t each = 3 * 8 * 8;
  const auto at = torch::arange(count * each, torch::kDouble);
  return torch::sin(at * 0.7 + torch::floor(at / each) * 0.3).to(torch::kFloat).view({count, 3, 8, 8});
}

void expect_near(const torch::Tensor& got, const nlohmann::json& wanted) {
  const auto flat = got.flatten().contiguous();
  ASSERT_EQ(flat.numel(), static_cast<std::int64_t>(wanted.size()));
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    EXPECT_NEAR(flat[i].item<double>(), wanted[static_cast<std::size_t>(i)].get<double>(), 2e-6) << i;
  }
}

torch::Tensor evaluated(Network& network, const torch::Tensor& batch) {
  const torch::NoGradGuard no_grad;
  network.train(false);
  auto logits = network.forward(batch);
  network.train(true);
  return logits;
}

torch::Tensor buffer(const Network& network, const std::string& name) {
  for (const auto& each : network.buffers()) {
    if (each.name == name) return each.tensor;
  }
  return {};
}

// SGD at a rate of 0.1 on four images, six steps.
void expect_pythons_training(const std::string& file, const std::string& network_in_python) {
  SCOPED_TRACE(file);
  const auto facts = expected(network_in_python);
  ExportedNetwork network(exported_file(file));
  expect_near(evaluated(network, images(2)), facts.at("before"));
  const auto labels = torch::tensor({0, 1, 2, 0}, torch::kLong);
  std::vector<torch::Tensor> parameters;
  for (const auto& each : network.parameters()) parameters.push_back(each.tensor);
  torch::optim::SGD optimizer(parameters, torch::optim::SGDOptions(0.1));
  for (const double loss : facts.at("losses")) {
    optimizer.zero_grad();
    const auto got = torch::nn::functional::cross_entropy(network.forward(images(4)), labels);
    EXPECT_NEAR(got.item<double>(), loss, 1e-5 * loss);
    got.backward();
    optimizer.step();
  }
  expect_near(evaluated(network, images(2)), facts.at("after"));
}

TEST(ExportedNetwork, TrainsAsPyTorchDoes) {
  expect_pythons_training("convolutional", "convolutional");
  expect_pythons_training("attention", "attention");
  expect_pythons_training("tied", "tied");
}

TEST(ExportedNetwork, DifferentiatesNothingUnderNoGrad) {
  expect_pythons_training("frozen", "frozen");
  ExportedNetwork network(exported_file("frozen"));
  network.forward(images(2)).sum().backward();
  for (const auto& each : network.parameters()) {
    EXPECT_EQ(each.tensor.grad().defined(), each.name.rfind("fc.", 0) == 0) << each.name;
  }
}

// Its running statistics come back as answers, not in place.
TEST(ExportedNetwork, TrainsAGraphWithoutInPlaceOperators) { expect_pythons_training("decomposed", "convolutional"); }

TEST(ExportedNetwork, KeepsRunningStatisticsInTrainingAlone) {
  for (const char* file : {"convolutional", "decomposed"}) {
    SCOPED_TRACE(file);
    ExportedNetwork network(exported_file(file));
    evaluated(network, images(4));
    EXPECT_EQ(buffer(network, "bn.num_batches_tracked").item<std::int64_t>(), 0);
    EXPECT_TRUE(buffer(network, "bn.running_mean").equal(torch::zeros({4})));
    const torch::NoGradGuard no_grad;
    network.forward(images(4));
    EXPECT_EQ(buffer(network, "bn.num_batches_tracked").item<std::int64_t>(), 1);
    EXPECT_FALSE(buffer(network, "bn.running_mean").equal(torch::zeros({4})));
  }
}

TEST(ExportedNetwork, KeepsBuffersOfItsOwnInTrainingAlone) {
  expect_pythons_training("averaged", "averaged");
  ExportedNetwork network(exported_file("averaged"));
  evaluated(network, images(4));
  EXPECT_TRUE(buffer(network, "mean").equal(torch::zeros({3})));
}

TEST(ExportedNetwork, DropsAnewInEveryStepAndNotInEvaluation) {
  ExportedNetwork network(exported_file("dropout"));
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  const auto first = network.forward(images(4)), second = network.forward(images(4));
  EXPECT_FALSE(first.equal(second));
  torch::manual_seed(1);
  EXPECT_TRUE(network.forward(images(4)).equal(first));
  EXPECT_TRUE(evaluated(network, images(4)).equal(evaluated(network, images(4))));
}

// Layers are dropped with probability 3/4, so a batch of eight in training is all but surely another.
TEST(ExportedNetwork, KeepsEveryLayerInEvaluation) {
  ExportedNetwork network(exported_file("stochastic_depth"));
  expect_near(evaluated(network, images(2)), expected("stochastic_depth").at("before"));
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(network.forward(images(8)).allclose(evaluated(network, images(8))));
}

TEST(ExportedNetwork, LeavesTheImagesAsTheyAre) {
  ExportedNetwork network(exported_file("convolutional"));
  const auto batch = images(3), before = batch.clone();
  network.forward(batch);
  EXPECT_TRUE(batch.equal(before));
}

TEST(ExportedNetwork, TakesBatchesOfAnySizeInEitherMemoryFormat) {
  for (const char* file : {"convolutional", "attention"}) {
    ExportedNetwork network(exported_file(file));
    const auto whole = evaluated(network, images(7));
    for (std::int64_t size = 1; size <= 7; ++size) {
      const auto part = images(7).slice(0, 0, size).contiguous(torch::MemoryFormat::ChannelsLast);
      EXPECT_TRUE(evaluated(network, part).allclose(whole.slice(0, 0, size), 1e-5, 1e-6)) << file << size;
    }
  }
}

TEST(ExportedNetwork, ParametersHaveTheirNamesInTheModule) {
  ExportedNetwork network(exported_file("tied"));
  std::vector<std::string> names;
  for (const auto& each : network.parameters()) names.push_back(each.name);
  EXPECT_EQ(names, (std::vector<std::string>{"one.weight", "one.bias", "two.bias"}));  // one weight for both
  EXPECT_EQ(count_parameters(network), 15);
}

TEST(ExportedNetwork, ReinitialisesByUseAndNamesTheRest) {
  ExportedNetwork network(exported_file("attention"));
  {
    const torch::NoGradGuard no_grad;
    for (const auto& each : network.parameters()) each.tensor.fill_(9);
  }
  EXPECT_EQ(network.initialise(3), (std::vector<std::string>{"token", "scale"}));
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& each : network.parameters()) by_name[each.name] = each.tensor;
  const auto largest = [&](const std::string& name) { return by_name.at(name).abs().max().item<double>(); };
  EXPECT_LE(largest("patches.weight"), 1 / std::sqrt(48.0));
  EXPECT_GT(largest("patches.weight"), 0.8 / std::sqrt(48.0));
  EXPECT_LE(largest("head.bias"), 1 / std::sqrt(8.0));
  EXPECT_LE(largest("attention.in_proj_weight"), std::sqrt(6.0 / 32));
  EXPECT_EQ(largest("attention.out_proj.bias"), 0);
  EXPECT_TRUE(by_name.at("norm.weight").equal(torch::ones({8})));
  EXPECT_NEAR(by_name.at("positions.weight").square().mean().item<double>(), 1, 0.6);
  const auto first = by_name.at("head.weight").detach().clone();
  network.initialise(4);
  EXPECT_FALSE(first.equal(by_name.at("head.weight")));
  network.initialise(3);
  EXPECT_TRUE(first.equal(by_name.at("head.weight")));
}

TEST(ExportedNetwork, ReinitialisesRunningStatistics) {
  for (const char* file : {"convolutional", "decomposed"}) {
    ExportedNetwork network(exported_file(file));
    network.forward(images(4));
    const auto left = network.initialise(1);
    // Without prelu as one operator, its weight is any parameter.
    EXPECT_EQ(left,
              std::string(file) == "decomposed" ? std::vector<std::string>{"act.weight"} : std::vector<std::string>{});
    EXPECT_TRUE(buffer(network, "bn.running_mean").equal(torch::zeros({4}))) << file;
    EXPECT_TRUE(buffer(network, "bn.running_var").equal(torch::ones({4}))) << file;
    EXPECT_EQ(buffer(network, "bn.num_batches_tracked").item<std::int64_t>(), 0) << file;
  }
}

TEST(ExportedNetwork, ReplacesTheLastLinearLayer) {
  for (const char* file : {"convolutional", "decomposed", "attention", "stochastic_depth"}) {
    SCOPED_TRACE(file);
    ExportedNetwork network(exported_file(file)), again(exported_file(file));
    network.replace_head(5, 9);
    again.replace_head(5, 9);
    EXPECT_EQ(network.forward(images(2)).sizes(), (std::vector<std::int64_t>{2, 5}));
    EXPECT_TRUE(network.parameters().back().tensor.equal(again.parameters().back().tensor));
    network.forward(images(2)).sum().backward();
    for (const auto& each : network.parameters()) EXPECT_TRUE(each.tensor.grad().defined()) << each.name;
  }
}

TEST(ExportedNetwork, ChannelsAreThoseOfTheFile) {
  EXPECT_EQ(ExportedNetwork(exported_file("tied")).channels({8, 8, 1}), 3);
}

TEST(ExportedNetwork, SaysThatItWasExportedInEvaluationMode) {
  const auto notes = ExportedNetwork(exported_file("evaluation")).notes();
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("was exported in evaluation mode and trains so: 1 normalisation layer with"),
            std::string::npos);
  EXPECT_TRUE(ExportedNetwork(exported_file("convolutional")).notes().empty());
}

TEST(ExportedNetwork, SaysWhichImagesItTakes) {
  ExportedNetwork network(exported_file("convolutional"));
  const auto text = refusal_of([&] { network.forward(torch::zeros({2, 3, 9, 8})); });
  EXPECT_NE(
      text.find("was exported for images of 3 x 8 x 8 (channels, height, width), not 3 x 9 x 8; give --image-size 8"),
      std::string::npos)
      << text;
}

TEST(ExportedNetwork, IsFoundByWhatTheFileHolds) {
  const ExportedFolder folder;
  std::filesystem::copy_file(exported_file("tied"), folder.path("tied.pt"));
  EXPECT_EQ(count_parameters(*load_network(folder.path("tied.pt"))), 15);
}

}  // namespace
}  // namespace lrfind::model
