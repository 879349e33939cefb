// The optimizers against LibTorch's own, step for step, on the same gradients.
#include "train/optimizer.hpp"
#include "train/flat_parameters.hpp"
#include "train/optimizer_facts.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace lrfind::train {
namespace {

using Tensors = std::vector<torch::Tensor>;

constexpr int steps = 40;

Tensors start_values() {
  torch::manual_seed(7);
  return {torch::randn({5, 4}), torch::randn({5}),
          torch::randn({2, 3, 3, 3}).contiguous(torch::MemoryFormat::ChannelsLast)};
}

double rate(int step) { return 1e-4 * std::pow(10.0, 3.0 * step / (steps - 1)); }

double gradient_scale(int step) { return step % 7 == 3 ? 10.0 : 0.5; }

// Parameters after `steps` steps with rising rates and gradients that depend on the parameters; the steps of another
// run come first where the optimizer is used `again`.
Tensors ours(const OptimizerOptions& options, const std::vector<double>& factors, bool again = false) {
  const torch::NoGradGuard no_grad;
  FlatParameters parameters(start_values());
  const auto optimizer = make_optimizer(options, parameters);
  Tensors sizes;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    sizes.push_back(torch::full_like(parameters.tensors()[i], factors[i]));
  }
  const auto factor = parameters.join(sizes);
  for (int run = again ? 0 : 1; run < 2; ++run) {
    parameters.values().copy_(parameters.join(start_values()));
    optimizer->reset();
    for (int step = 0; step < steps; ++step) {
      const auto gradient = gradient_scale(step) * (parameters.values() + 0.3).sin();
      parameters.values().sub_(optimizer->direction(gradient) * factor, rate(step));
    }
  }
  return parameters.tensors();
}

template <typename Options>
void set_rate(torch::optim::OptimizerParamGroup& group, double lr) {
  static_cast<Options&>(group.options()).lr(lr);
}

template <typename Reference, typename Options>
Tensors reference(Options options, const std::vector<double>& factors) {
  Tensors parameters = start_values();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (auto& parameter : parameters) {
    parameter.requires_grad_(true);
    groups.emplace_back(Tensors{parameter}, std::make_unique<Options>(options));
  }
  Reference optimizer(groups, options);
  for (int step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i].mutable_grad() = (gradient_scale(step) * (parameters[i].detach() + 0.3).sin()).detach();
      set_rate<Options>(optimizer.param_groups()[i], rate(step) * factors[i]);
    }
    optimizer.step();
  }
  return parameters;
}

void expect_equal(const Tensors& mine, const Tensors& theirs) {
  const auto start = start_values();
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const auto moved = (theirs[i].detach() - start[i]).abs().max().item<double>();
    const auto apart = (mine[i] - theirs[i].detach()).abs().max().item<double>();
    EXPECT_GT(moved, 1e-3) << "tensor " << i << " hardly moved, so nothing was compared";
    EXPECT_LT(apart, 2e-6 + 2e-5 * moved) << "tensor " << i;
  }
}

const std::vector<double> same{1, 1, 1};
const std::vector<double> different{1, 0.1, 3};

TEST(Optimizer, SgdEqualsLibTorchs) {
  for (const auto& factors : {same, different}) {
    for (const double decay : {0.0, 0.05}) {
      for (const double momentum : {0.0, 0.9}) {
        for (const bool nesterov : {false, true}) {
          if (nesterov && momentum == 0) continue;
          SCOPED_TRACE(testing::Message() << "momentum " << momentum << " nesterov " << nesterov << " decay " << decay);
          expect_equal(
              ours({.momentum = momentum, .nesterov = nesterov, .weight_decay = decay}, factors),
              reference<torch::optim::SGD>(
                  torch::optim::SGDOptions(0.1).momentum(momentum).nesterov(nesterov).weight_decay(decay), factors));
        }
      }
    }
  }
}

TEST(Optimizer, AdamEqualsLibTorchs) {
  for (const auto& factors : {same, different}) {
    for (const double decay : {0.0, 0.05}) {
      expect_equal(ours({.kind = OptimizerKind::adam, .weight_decay = decay, .beta1 = 0.8, .beta2 = 0.99}, factors),
                   reference<torch::optim::Adam>(torch::optim::AdamOptions(0.1).weight_decay(decay).betas({0.8, 0.99}),
                                                 factors));
    }
  }
}

TEST(Optimizer, AdamwEqualsLibTorchs) {
  for (const auto& factors : {same, different}) {
    for (const double decay : {0.0, 0.5}) {
      expect_equal(ours({.kind = OptimizerKind::adamw, .weight_decay = decay}, factors),
                   reference<torch::optim::AdamW>(torch::optim::AdamWOptions(0.1).weight_decay(decay), factors));
    }
  }
}

TEST(Optimizer, RmspropEqualsLibTorchs) {
  for (const auto& factors : {same, different}) {
    for (const double momentum : {0.0, 0.9}) {
      for (const double decay : {0.0, 0.05}) {
        expect_equal(
            ours({.kind = OptimizerKind::rmsprop, .momentum = momentum, .weight_decay = decay, .alpha = 0.9}, factors),
            reference<torch::optim::RMSprop>(
                torch::optim::RMSpropOptions(0.1).momentum(momentum).weight_decay(decay).alpha(0.9), factors));
      }
    }
  }
}

TEST(Optimizer, AdagradEqualsLibTorchs) {
  for (const auto& factors : {same, different}) {
    for (const double decay : {0.0, 0.05}) {
      expect_equal(ours({.kind = OptimizerKind::adagrad, .weight_decay = decay, .eps = 1e-10}, factors),
                   reference<torch::optim::Adagrad>(torch::optim::AdagradOptions(0.1).weight_decay(decay), factors));
    }
  }
}

TEST(Optimizer, ResetForgetsEveryStep) {
  for (const auto& facts : optimizer_facts) {
    SCOPED_TRACE(facts.name);
    const OptimizerOptions options{.kind = facts.kind, .weight_decay = 0.1};
    const auto first = ours(options, same), second = ours(options, same, true);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(first[i].equal(second[i]));
  }
}

TEST(Optimizer, FactorZeroLeavesATensorAlone) {
  const auto start = start_values();
  for (const auto& facts : optimizer_facts) {
    SCOPED_TRACE(facts.name);
    const auto values = ours({.kind = facts.kind, .weight_decay = 0.1}, {1, 0, 1});
    EXPECT_TRUE(values[1].equal(start[1]));
    EXPECT_FALSE(values[0].equal(start[0]));
  }
}

}  // namespace
}  // namespace lrfind::train
