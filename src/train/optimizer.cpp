#include "train/optimizer.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

using Tensors = std::vector<torch::Tensor>;

Tensors zeros_like(const Tensors& tensors) {
  Tensors zeros;
  zeros.reserve(tensors.size());
  for (const auto& tensor : tensors) zeros.push_back(torch::zeros_like(tensor));
  return zeros;
}

class Base : public Optimizer {
 public:
  Base(const OptimizerOptions& options, Tensors parameters) : options_(options), parameters_(std::move(parameters)) {}

 protected:
  Tensors with_weight_decay(const Tensors& gradients) const {
    return options_.weight_decay == 0 ? gradients : at::_foreach_add(gradients, parameters_, options_.weight_decay);
  }

  // numerator / (sqrt(square / bias) + eps)
  Tensors scaled(const Tensors& numerator, const Tensors& square, double bias = 1) const {
    Tensors denominator = at::_foreach_sqrt(square);
    if (bias != 1) at::_foreach_div_(denominator, std::sqrt(bias));
    at::_foreach_add_(denominator, options_.eps);
    return at::_foreach_div(numerator, denominator);
  }

  OptimizerOptions options_;
  Tensors parameters_;
};

class Sgd : public Base {
 public:
  using Base::Base;

  Tensors direction(const Tensors& gradients) override {
    const Tensors decayed = with_weight_decay(gradients);
    if (options_.momentum == 0) return decayed;
    if (velocity_.empty()) {
      for (const auto& gradient : decayed) velocity_.push_back(gradient.clone());
    } else {
      at::_foreach_mul_(velocity_, options_.momentum);
      at::_foreach_add_(velocity_, decayed);
    }
    return options_.nesterov ? at::_foreach_add(decayed, velocity_, options_.momentum) : velocity_;
  }

 private:
  Tensors velocity_;
};

// Kingma and Ba 2014 (arXiv:1412.6980), algorithm 1, with decoupled weight decay for AdamW.
class Adam : public Base {
 public:
  Adam(const OptimizerOptions& options, Tensors parameters)
      : Base(options, std::move(parameters)), mean_(zeros_like(parameters_)), square_(zeros_like(parameters_)) {}

  Tensors direction(const Tensors& gradients) override {
    ++steps_;
    const bool decoupled = options_.kind == OptimizerKind::adamw;
    const Tensors decayed = decoupled ? gradients : with_weight_decay(gradients);
    at::_foreach_mul_(mean_, options_.beta1);
    at::_foreach_add_(mean_, decayed, 1 - options_.beta1);
    at::_foreach_mul_(square_, options_.beta2);
    at::_foreach_addcmul_(square_, decayed, decayed, 1 - options_.beta2);
    Tensors result = scaled(mean_, square_, 1 - std::pow(options_.beta2, steps_));
    at::_foreach_div_(result, 1 - std::pow(options_.beta1, steps_));
    if (decoupled && options_.weight_decay != 0) at::_foreach_add_(result, parameters_, options_.weight_decay);
    return result;
  }

 private:
  int steps_ = 0;
  Tensors mean_, square_;
};

// Tieleman and Hinton 2012 (Coursera lecture 6.5), as PyTorch has it, not centred.
class RmsProp : public Base {
 public:
  RmsProp(const OptimizerOptions& options, Tensors parameters)
      : Base(options, std::move(parameters)), square_(zeros_like(parameters_)) {
    if (options_.momentum > 0) velocity_ = zeros_like(parameters_);
  }

  Tensors direction(const Tensors& gradients) override {
    const Tensors decayed = with_weight_decay(gradients);
    at::_foreach_mul_(square_, options_.alpha);
    at::_foreach_addcmul_(square_, decayed, decayed, 1 - options_.alpha);
    Tensors result = scaled(decayed, square_);
    if (velocity_.empty()) return result;
    at::_foreach_mul_(velocity_, options_.momentum);
    at::_foreach_add_(velocity_, result);
    return velocity_;
  }

 private:
  Tensors square_, velocity_;
};

// Duchi, Hazan and Singer 2011, as PyTorch has it.
class Adagrad : public Base {
 public:
  Adagrad(const OptimizerOptions& options, Tensors parameters)
      : Base(options, std::move(parameters)), sum_(zeros_like(parameters_)) {}

  Tensors direction(const Tensors& gradients) override {
    const Tensors decayed = with_weight_decay(gradients);
    at::_foreach_addcmul_(sum_, decayed, decayed, 1.0);
    return scaled(decayed, sum_);
  }

 private:
  Tensors sum_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<torch::Tensor> parameters) {
  switch (options.kind) {
    case OptimizerKind::sgd:
      return std::make_unique<Sgd>(options, std::move(parameters));
    case OptimizerKind::rmsprop:
      return std::make_unique<RmsProp>(options, std::move(parameters));
    case OptimizerKind::adagrad:
      return std::make_unique<Adagrad>(options, std::move(parameters));
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      break;
  }
  return std::make_unique<Adam>(options, std::move(parameters));
}

}  // namespace lrfind::train
