// Networks that users bring. The files are made here as torch.jit.save makes them: modules whose class names and
// attributes are PyTorch's.
#include "model/torchscript.hpp"
#include <lrfind/error.hpp>

#include <caffe2/serialize/inline_container.h>
#include <gtest/gtest.h>
#include <torch/script.h>
#include <torch/version.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

namespace lrfind::model {
namespace {

namespace fs = std::filesystem;
using Script = torch::jit::Module;

class TorchScript : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("lrfind-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  static Script new_module(const std::string& class_name) {
    return Script(c10::QualifiedName("__torch__." + class_name), std::make_shared<torch::jit::CompilationUnit>());
  }

  static Script standard_layer(Script& owner, const std::string& class_name, const torch::Tensor& weight,
                               const torch::Tensor& bias, const std::string& forward) {
    Script layer(c10::QualifiedName("__torch__.torch.nn." + class_name), owner._ivalue()->compilation_unit(), true);
    layer.register_parameter("weight", weight, false);
    if (bias.defined()) layer.register_parameter("bias", bias, false);
    layer.define(forward);
    return layer;
  }

  // Average over positions, then a linear layer: [N, channels, H, W] to [N, classes].
  static Script linear_net(std::int64_t classes, std::int64_t channels = 3) {
    Script net = new_module("Net");
    const auto linear = standard_layer(net, "Linear", torch::ones({classes, channels}), torch::zeros({classes}),
                                       "def forward(self, x):\n  return torch.linear(x, self.weight, self.bias)\n");
    net.register_module("head", linear);
    net.define("def forward(self, x):\n  return self.head.forward(torch.mean(x, [2, 3]))\n");
    return net;
  }

  std::string save(const Script& module) {
    module.save(path("net.pt"));
    return path("net.pt");
  }

  static std::string refusal(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  std::string refusal_of(const Script& module) {
    const auto file = save(module);
    return refusal([&] { TorchScriptNetwork network(file); });
  }
  std::string refusal_of_output(const Script& module, std::int64_t classes) {
    TorchScriptNetwork network(save(module));
    return refusal([&] { check_output(network, torch::zeros({2, 3, 8, 8}), classes); });
  }

  fs::path folder_;
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(TorchScript, LoadsAFileAndTrainsAllItsParameters) {
  Script net = linear_net(4);
  TorchScriptNetwork network(save(net));
  const auto parameters = network.parameters();
  ASSERT_EQ(parameters.size(), 2U);
  EXPECT_EQ(parameters[0].name, "head.weight");
  EXPECT_EQ(count_parameters(network), 4 * 3 + 4);
  const auto logits = network.forward(torch::ones({2, 3, 5, 6}));
  EXPECT_TRUE(logits.equal(torch::full({2, 4}, 3.0F)));
  logits.sum().backward();
  EXPECT_TRUE(parameters[0].tensor.grad().equal(torch::full({4, 3}, 2.0F)));
  EXPECT_EQ(count_multiply_adds(network, torch::ones({1, 3, 5, 6})), 12);
}

TEST_F(TorchScript, ASharedWeightIsOneParameterAndStaysShared) {
  Script net = new_module("Net");
  const auto weight = torch::eye(3) * 0.5;
  const std::string forward = "def forward(self, x):\n  return torch.linear(x, self.weight)\n";
  net.register_module("one", standard_layer(net, "Linear", weight, {}, forward));
  net.register_module("two", standard_layer(net, "LinearToo", weight, {}, forward));
  net.define("def forward(self, x):\n  return self.two.forward(self.one.forward(torch.mean(x, [2, 3])))\n");
  TorchScriptNetwork network(save(net));
  const auto parameters = network.parameters();
  ASSERT_EQ(parameters.size(), 1U);
  EXPECT_EQ(count_parameters(network), 9);
  network.forward(torch::ones({1, 3, 2, 2})).sum().backward();
  // Of 1' W W 1 by W: the sum of what both layers have, each 0.5 per value.
  EXPECT_TRUE(parameters[0].tensor.grad().equal(torch::ones({3, 3})));
  {
    const torch::NoGradGuard no_grad;
    parameters[0].tensor.zero_();
  }
  EXPECT_TRUE(network.forward(torch::ones({1, 3, 2, 2})).equal(torch::zeros({1, 3})));
}

TEST_F(TorchScript, UnfreezesParametersThatWereSavedWithoutGradients) {
  Script net = linear_net(2);
  for (const auto& parameter : net.parameters()) parameter.requires_grad_(false);
  TorchScriptNetwork network(save(net));
  for (const auto& [name, tensor] : network.parameters()) EXPECT_TRUE(tensor.requires_grad()) << name;
}

TEST_F(TorchScript, TurnsHalfAndDoubleParametersIntoFloats) {
  Script net = linear_net(2);
  net.to(torch::kDouble);
  TorchScriptNetwork network(save(net));
  EXPECT_EQ(network.forward(torch::ones({1, 3, 2, 2})).scalar_type(), torch::kFloat);
}

TEST_F(TorchScript, SaysWhatIsWrongWithAFile) {
  EXPECT_SAYS(refusal([&] { TorchScriptNetwork n(path("no.pt")); }), "no.pt\" does not exist");
  EXPECT_SAYS(refusal([&] { TorchScriptNetwork n(folder_.string()); }), "is a folder");
  std::ofstream(path("words.pt")) << "words";
  EXPECT_SAYS(refusal([&] { TorchScriptNetwork n(path("words.pt")); }), "is not TorchScript");
  std::ofstream(path("empty.pt")).flush();
  EXPECT_SAYS(refusal([&] { TorchScriptNetwork n(path("empty.pt")); }), "is not TorchScript");
  torch::save(torch::ones({3}), path("tensor.pt"));
  EXPECT_NE(refusal([&] { TorchScriptNetwork n(path("tensor.pt")); }), "accepted");
  const auto file = save(linear_net(2));
  fs::resize_file(file, fs::file_size(file) / 2);
  EXPECT_SAYS(refusal([&] { TorchScriptNetwork n(file); }), "is cut off");
}

TEST_F(TorchScript, SaysWhatIsWrongWithForward) {
  Script none = new_module("Net");
  none.register_parameter("weight", torch::ones({2}), false);
  EXPECT_SAYS(refusal_of(none), "has no forward method");

  Script two = new_module("Net");
  two.register_parameter("weight", torch::ones({2}), false);
  two.define("def forward(self, x, y):\n  return x * self.weight + y\n");
  EXPECT_SAYS(refusal_of(two), "takes 2 inputs; it must take one");

  Script zero = new_module("Net");
  zero.register_parameter("weight", torch::ones({2}), false);
  zero.define("def forward(self):\n  return self.weight\n");
  EXPECT_SAYS(refusal_of(zero), "takes 0 inputs; it must take one");

  Script optional = linear_net(2);
  Script outer = new_module("Outer");
  outer.register_module("net", optional);
  outer.define("def forward(self, x, scale: float=1.0):\n  return self.net.forward(x) * scale\n");
  EXPECT_EQ(refusal_of(outer), "accepted");
}

TEST_F(TorchScript, SaysWhatIsWrongWithParameters) {
  Script none = new_module("Net");
  none.define("def forward(self, x):\n  return torch.mean(x, [2, 3])\n");
  EXPECT_SAYS(refusal_of(none), "has no parameters to train");

  Script whole = linear_net(2);
  whole.register_parameter("codes", torch::ones({2}, torch::kInt), false);
  EXPECT_SAYS(refusal_of(whole), "parameter \"codes\"");
  EXPECT_SAYS(refusal_of(whole), "not floating point");
}

TEST_F(TorchScript, SaysWhatIsWrongWithTheOutput) {
  EXPECT_EQ(refusal_of_output(linear_net(5), 5), "accepted");
  EXPECT_SAYS(refusal_of_output(linear_net(5), 10), "answers with 5 classes and the data has 10; --replace-head");

  const auto answering = [](const std::string& expression) {
    Script net = linear_net(5);
    Script outer = new_module("Outer");
    outer.register_module("net", net);
    outer.define("def forward(self, x):\n  y = self.net.forward(x)\n  return " + expression + "\n");
    return outer;
  };
  EXPECT_SAYS(refusal_of_output(answering("(y, y)"), 5), "answers with Tuple; it must answer with one tensor");
  EXPECT_SAYS(refusal_of_output(answering("torch.sum(y)"), 5), "must be [N, classes], here [2, 5]");
  EXPECT_SAYS(refusal_of_output(answering("torch.unsqueeze(y, 0)"), 5), "has shape [1, 2, 5]");
  EXPECT_SAYS(refusal_of_output(answering("torch.argmax(y, 1, True)"), 1), "not floating-point logits");
}

TEST_F(TorchScript, SaysWhenItCannotBeRunOnTheImages) {
  const auto text = refusal_of_output(linear_net(5, 1), 5);  // one channel wanted, three given
  EXPECT_SAYS(text, "cannot be run on images of 3 x 8 x 8");
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;

  Script raising = linear_net(5);
  Script outer = new_module("Outer");
  outer.register_module("net", raising);
  outer.define(
      "def forward(self, x):\n  assert x.size(2) >= 100, 'images are too small'\n  return self.net.forward(x)\n");
  const auto raised = refusal_of_output(outer, 5);
  EXPECT_SAYS(raised, "too small");
  EXPECT_EQ(raised.find('\n'), std::string::npos) << raised;
}

TEST_F(TorchScript, ReinitialisesStandardLayersFromTheSeedAndNamesTheRest) {
  Script net = linear_net(50, 64);
  net.register_parameter("scale", torch::full({1}, 7.0F), false);
  TorchScriptNetwork network(save(net));
  EXPECT_EQ(network.initialise(3), std::vector<std::string>{"scale"});
  std::size_t at = 0;
  const auto names = network.parameters();
  while (names[at].name != "head.weight") ++at;
  const auto first = names[at].tensor.detach().clone();
  EXPECT_LE(first.abs().max().item<double>(), 1 / std::sqrt(64.0));
  EXPECT_NEAR(first.square().mean().item<double>(), 1.0 / 64 / 3, 4 * std::sqrt(4.0 / 45 / 3200) / 64);
  network.initialise(4);
  EXPECT_FALSE(first.equal(names[at].tensor));
  network.initialise(3);
  EXPECT_TRUE(first.equal(names[at].tensor));
}

TEST_F(TorchScript, ReplacesTheLastLinearLayer) {
  TorchScriptNetwork network(save(linear_net(1000)));
  network.replace_head(4, 9);
  EXPECT_EQ(network.forward(torch::ones({2, 3, 8, 8})).sizes(), (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(count_parameters(network), 4 * 3 + 4);
  for (const auto& [name, tensor] : network.parameters()) {
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_LE(tensor.abs().max().item<double>(), 1 / std::sqrt(3.0)) << name;
  }
  TorchScriptNetwork again(save(linear_net(1000)));
  again.replace_head(4, 9);
  EXPECT_TRUE(again.parameters()[0].tensor.equal(network.parameters()[0].tensor));
}

TEST_F(TorchScript, RefusesToReplaceAHeadThatIsNotLinear) {
  Script net = new_module("Net");
  const auto convolution = standard_layer(net, "Conv2d", torch::ones({5, 3, 1, 1}), torch::zeros({5}),
                                          "def forward(self, x):\n  return torch.conv2d(x, self.weight, self.bias)\n");
  net.register_module("conv", convolution);
  net.define("def forward(self, x):\n  return torch.mean(self.conv.forward(x), [2, 3])\n");
  TorchScriptNetwork network(save(net));
  EXPECT_SAYS(refusal([&] { network.replace_head(2, 1); }), "--replace-head needs a network that ends in a linear");
}

TEST_F(TorchScript, ChannelsAreThoseThatItCanBeRunOn) {
  const data::ImageShape grey{8, 8, 1}, colour{8, 8, 3};
  for (const int channels : {1, 3}) {
    TorchScriptNetwork network(save(linear_net(2, channels)));
    EXPECT_EQ(network.channels(grey), channels);
    EXPECT_EQ(network.channels(colour), channels);
  }
  TorchScriptNetwork two(save(linear_net(2, 2)));
  EXPECT_EQ(two.channels(colour), std::nullopt);

  Script any = linear_net(2, 1);  // takes the mean over channels, however many
  Script outer = new_module("Outer");
  outer.register_module("net", any);
  outer.define("def forward(self, x):\n  return self.net.forward(torch.mean(x, [1], True))\n");
  TorchScriptNetwork either(save(outer));
  EXPECT_EQ(either.channels(grey), 1);
  EXPECT_EQ(either.channels(colour), 3);
}

// A depthwise convolution comes first by its class; the convolution that reads the images is a class of its own.
TEST_F(TorchScript, ChannelsDoNotDependOnTheNamesOfClasses) {
  Script net = new_module("Net");
  const auto depthwise = standard_layer(net, "Conv2d", torch::ones({4, 1, 1, 1}), {},
                                        "def forward(self, x):\n  return torch.conv2d(x, self.weight, None, [1, 1], "
                                        "[0, 0], [1, 1], 4)\n");
  const auto first = standard_layer(net, "Conv2dSame", torch::ones({4, 3, 1, 1}), {},
                                    "def forward(self, x):\n  return torch.conv2d(x, self.weight)\n");
  net.register_module("depthwise", depthwise);
  net.register_module("stem", first);
  net.define("def forward(self, x):\n  return torch.mean(self.depthwise.forward(self.stem.forward(x)), [2, 3])\n");
  TorchScriptNetwork network(save(net));
  EXPECT_EQ(network.channels({8, 8, 1}), 3);
}

TEST_F(TorchScript, ALookAtTheNetworkLeavesNoTrace) {
  Script net = linear_net(2);
  net.register_buffer("batches", torch::zeros({1}));
  Script outer = new_module("Outer");
  outer.register_module("net", net);
  outer.register_buffer("seen", torch::zeros({1}));
  outer.define("def forward(self, x):\n  self.seen.add_(1)\n  return self.net.forward(x)\n");
  TorchScriptNetwork network(save(outer));
  network.channels({8, 8, 3});
  check_output(network, torch::zeros({2, 3, 8, 8}), 2);
  for (const auto& [name, tensor] : network.buffers()) EXPECT_EQ(tensor.item<float>(), 0) << name;
}

TEST_F(TorchScript, NamesTheOperatorThatThisLibTorchDoesNotHave) {
  // The same archive with a call of an operator that no LibTorch has.
  caffe2::serialize::PyTorchStreamReader archive(save(linear_net(2)));
  caffe2::serialize::PyTorchStreamWriter newer(path("newer.pt"));
  for (const auto& name : archive.getAllRecords()) {
    if (name == "version" || name == "byteorder" || name.front() == '.') continue;  // the writer's own
    const auto [data, size] = archive.getRecord(name);
    std::string bytes(static_cast<const char*>(data.get()), size);
    if (const auto at = bytes.find("torch.linear("); at != std::string::npos) bytes.replace(at, 13, "torch.linexr(");
    newer.writeRecord(name, bytes.data(), bytes.size());
  }
  newer.writeEndOfFile();
  const auto text = refusal([&] { TorchScriptNetwork n(path("newer.pt")); });
  EXPECT_SAYS(text, "newer.pt");
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_EQ(text.find("is not TorchScript"), std::string::npos) << text;
  EXPECT_SAYS(text, "calls the operator aten::linexr, which LibTorch " TORCH_VERSION " does not have");
}

TEST_F(TorchScript, ReinitialisesLayersOfAnyClassByWhatTheyDo) {
  Script net = new_module("Net");
  const auto own = [&](const std::string& name, const torch::Tensor& weight, const torch::Tensor& bias,
                       const std::string& forward) {
    net.register_module(name, standard_layer(net, "Own" + name, weight, bias, "def forward(self, x):\n  " + forward));
  };
  own("conv", torch::full({8, 3, 2, 2}, 9.0F), torch::full({8}, 9.0F),
      "return torch.conv2d(x, self.weight, self.bias)\n");
  own("norm", torch::full({8}, 9.0F), torch::full({8}, 9.0F),
      "return torch.layer_norm(torch.permute(x, [0, 2, 3, 1]), [8], self.weight, self.bias)\n");
  own("scale", torch::full({8}, 9.0F), {}, "return x * self.weight\n");
  own("head", torch::full({2, 8}, 9.0F), torch::full({2}, 9.0F), "return torch.linear(x, self.weight, self.bias)\n");
  net.register_parameter("pos_embed", torch::full({64}, 9.0F), false);
  net.define(
      "def forward(self, x):\n  y = self.scale.forward(self.norm.forward(self.conv.forward(x)))\n"
      "  return self.head.forward(torch.mean(y, [1, 2]) + torch.mean(self.pos_embed))\n");
  TorchScriptNetwork network(save(net));
  network.forward(torch::zeros({1, 3, 8, 8}));  // what ran once is read as well as what did not
  EXPECT_EQ(network.initialise(3), std::vector<std::string>{"scale.weight"});
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& [name, tensor] : network.parameters()) by_name[name] = tensor;
  for (const char* name : {"conv.weight", "conv.bias"}) {
    EXPECT_LE(by_name[name].abs().max().item<double>(), 1 / std::sqrt(12.0)) << name;
    EXPECT_GT(by_name[name].abs().max().item<double>(), 0.5 / std::sqrt(12.0)) << name;
  }
  EXPECT_LE(by_name["head.weight"].abs().max().item<double>(), 1 / std::sqrt(8.0));
  EXPECT_LE(by_name["head.bias"].abs().max().item<double>(), 1 / std::sqrt(8.0));
  EXPECT_TRUE(by_name["norm.weight"].equal(torch::ones({8})));
  EXPECT_TRUE(by_name["norm.bias"].equal(torch::zeros({8})));
  EXPECT_NEAR(by_name["pos_embed"].square().mean().sqrt().item<double>(), 0.02, 0.01);
  const auto first = by_name["conv.weight"].detach().clone();
  network.initialise(3);
  EXPECT_TRUE(first.equal(by_name["conv.weight"]));
}

TEST_F(TorchScript, SaysWhichModesATraceHasBakedIn) {
  const auto network_with = [&](const std::string& norm_on, const std::string& dropout_on) {
    Script net = new_module("Net");
    net.register_module("head",
                        standard_layer(net, "Linear", torch::ones({2, 3}), torch::zeros({2}),
                                       "def forward(self, x):\n  return torch.linear(x, self.weight, self.bias)\n"));
    net.register_buffer("mean", torch::zeros({3}));
    net.register_buffer("var", torch::ones({3}));
    net.register_attribute("training", c10::BoolType::get(), true);
    net.define("def forward(self, x):\n  y = torch.batch_norm(x, None, None, self.mean, self.var, " + norm_on +
               ", 0.1, 1e-5, False)\n  return self.head.forward(torch.dropout(torch.mean(y, [2, 3]), 0.5, " +
               dropout_on + "))\n");
    TorchScriptNetwork network(save(net));
    return network.notes();
  };
  const auto evaluation = network_with("False", "False");
  ASSERT_EQ(evaluation.size(), 1U);
  EXPECT_SAYS(evaluation[0], "traced in evaluation mode and trains so: 1 normalisation layer with");
  EXPECT_SAYS(evaluation[0], "1 dropout layer switched off");
  const auto training = network_with("True", "True");
  ASSERT_EQ(training.size(), 1U);
  EXPECT_SAYS(training[0], "traced in training mode: 1 dropout layer");
  EXPECT_TRUE(network_with("self.training", "self.training").empty());

  Script by_rate = linear_net(2);  // as torch.nn.functional.multi_head_attention_forward drops
  Script outer = new_module("Outer");
  outer.register_module("net", by_rate);
  outer.register_attribute("rate", c10::FloatType::get(), 0.0);
  outer.define("def forward(self, x):\n  return torch.dropout(self.net.forward(x), self.rate, True)\n");
  EXPECT_TRUE(TorchScriptNetwork(save(outer)).notes().empty());
}

}  // namespace
}  // namespace lrfind::model
