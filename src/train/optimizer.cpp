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
  Base(const OptimizerOptions& options, Tensors parameters, std::vector<double> factors)
      : options_(options), parameters_(std::move(parameters)), factors_(std::move(factors)) {}

 protected:
  // One scalar per parameter: rate times the parameter's factor times `scale`.
  std::vector<at::Scalar> rates(double lr, double scale) const {
    std::vector<at::Scalar> scalars;
    scalars.reserve(factors_.size());
    for (const double factor : factors_) scalars.emplace_back(lr * factor * scale);
    return scalars;
  }

  void add_weight_decay(Tensors& gradients) const {
    if (options_.weight_decay != 0) at::_foreach_add_(gradients, parameters_, options_.weight_decay);
  }

  // parameters -= rate * update
  void descend(Tensors& update, double lr) {
    at::_foreach_mul_(update, rates(lr, -1));
    at::_foreach_add_(parameters_, update);
  }

  OptimizerOptions options_;
  Tensors parameters_;
  std::vector<double> factors_;
};

class Sgd : public Base {
 public:
  using Base::Base;

  void step(Tensors& gradients, double lr) override {
    add_weight_decay(gradients);
    if (options_.momentum == 0) return descend(gradients, lr);
    if (velocity_.empty()) {
      for (const auto& gradient : gradients) velocity_.push_back(gradient.clone());
    } else {
      at::_foreach_mul_(velocity_, options_.momentum);
      at::_foreach_add_(velocity_, gradients);
    }
    if (options_.nesterov) {
      at::_foreach_add_(gradients, velocity_, options_.momentum);
      return descend(gradients, lr);
    }
    if (uniform()) {
      at::_foreach_add_(parameters_, velocity_, -lr * factors_.front());
    } else {
      Tensors update = at::_foreach_mul(velocity_, rates(lr, -1));
      at::_foreach_add_(parameters_, update);
    }
  }

 private:
  bool uniform() const {
    return std::all_of(factors_.begin(), factors_.end(), [&](double f) { return f == factors_.front(); });
  }

  Tensors velocity_;
};

// Kingma and Ba 2014 (arXiv:1412.6980), algorithm 1, with decoupled weight decay for AdamW.
class Adam : public Base {
 public:
  Adam(const OptimizerOptions& options, Tensors parameters, std::vector<double> factors)
      : Base(options, std::move(parameters), std::move(factors)),
        mean_(zeros_like(parameters_)),
        square_(zeros_like(parameters_)) {}

  void step(Tensors& gradients, double lr) override {
    ++steps_;
    if (options_.kind == OptimizerKind::adam) {
      add_weight_decay(gradients);
    } else if (options_.weight_decay != 0) {
      auto decay = rates(lr, -options_.weight_decay);
      for (auto& scalar : decay) scalar = 1 + scalar.toDouble();
      at::_foreach_mul_(parameters_, decay);
    }
    at::_foreach_mul_(mean_, options_.beta1);
    at::_foreach_add_(mean_, gradients, 1 - options_.beta1);
    at::_foreach_mul_(square_, options_.beta2);
    at::_foreach_addcmul_(square_, gradients, gradients, 1 - options_.beta2);
    const double mean_bias = 1 - std::pow(options_.beta1, steps_);
    const double square_bias = 1 - std::pow(options_.beta2, steps_);
    Tensors denominator = at::_foreach_sqrt(square_);
    at::_foreach_div_(denominator, std::sqrt(square_bias));
    at::_foreach_add_(denominator, options_.eps);
    at::_foreach_addcdiv_(parameters_, mean_, denominator, rates(lr, -1 / mean_bias));
  }

 private:
  int steps_ = 0;
  Tensors mean_, square_;
};

// Tieleman and Hinton 2012 (Coursera lecture 6.5), as PyTorch has it, not centred.
class RmsProp : public Base {
 public:
  RmsProp(const OptimizerOptions& options, Tensors parameters, std::vector<double> factors)
      : Base(options, std::move(parameters), std::move(factors)), square_(zeros_like(parameters_)) {
    if (options_.momentum > 0) velocity_ = zeros_like(parameters_);
  }

  void step(Tensors& gradients, double lr) override {
    add_weight_decay(gradients);
    at::_foreach_mul_(square_, options_.alpha);
    at::_foreach_addcmul_(square_, gradients, gradients, 1 - options_.alpha);
    Tensors denominator = at::_foreach_sqrt(square_);
    at::_foreach_add_(denominator, options_.eps);
    if (velocity_.empty()) {
      at::_foreach_addcdiv_(parameters_, gradients, denominator, rates(lr, -1));
      return;
    }
    at::_foreach_mul_(velocity_, options_.momentum);
    at::_foreach_addcdiv_(velocity_, gradients, denominator, 1.0);
    Tensors update = at::_foreach_mul(velocity_, rates(lr, -1));
    at::_foreach_add_(parameters_, update);
  }

 private:
  Tensors square_, velocity_;
};

// Duchi, Hazan and Singer 2011, as PyTorch has it.
class Adagrad : public Base {
 public:
  Adagrad(const OptimizerOptions& options, Tensors parameters, std::vector<double> factors)
      : Base(options, std::move(parameters), std::move(factors)), sum_(zeros_like(parameters_)) {}

  void step(Tensors& gradients, double lr) override {
    add_weight_decay(gradients);
    at::_foreach_addcmul_(sum_, gradients, gradients, 1.0);
    Tensors denominator = at::_foreach_sqrt(sum_);
    at::_foreach_add_(denominator, options_.eps);
    at::_foreach_addcdiv_(parameters_, gradients, denominator, rates(lr, -1));
  }

 private:
  Tensors sum_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<torch::Tensor> parameters,
                                          std::vector<double> factors) {
  switch (options.kind) {
    case OptimizerKind::sgd:
      return std::make_unique<Sgd>(options, std::move(parameters), std::move(factors));
    case OptimizerKind::rmsprop:
      return std::make_unique<RmsProp>(options, std::move(parameters), std::move(factors));
    case OptimizerKind::adagrad:
      return std::make_unique<Adagrad>(options, std::move(parameters), std::move(factors));
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      break;
  }
  return std::make_unique<Adam>(options, std::move(parameters), std::move(factors));
}

}  // namespace lrfind::train
