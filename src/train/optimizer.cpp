#include "train/optimizer.hpp"

namespace lrfind::train {

namespace {

using torch::Tensor;

class Base : public Optimizer {
 public:
  Base(const OptimizerOptions& options, Tensor parameters) : options_(options), parameters_(std::move(parameters)) {}

 protected:
  Tensor zeros() const { return torch::zeros_like(parameters_); }

  Tensor with_weight_decay(const Tensor& gradient) const {
    return options_.weight_decay == 0 ? gradient : gradient.add(parameters_, options_.weight_decay);
  }

  OptimizerOptions options_;
  Tensor parameters_;
};

class Sgd : public Base {
 public:
  Sgd(const OptimizerOptions& options, Tensor parameters)
      : Base(options, std::move(parameters)), velocity_(options.momentum == 0 ? Tensor() : zeros()) {}

  Tensor direction(const Tensor& gradient) override {
    const Tensor decayed = with_weight_decay(gradient);
    if (!velocity_.defined()) return decayed;
    velocity_.mul_(options_.momentum).add_(decayed);
    return options_.nesterov ? decayed.add(velocity_, options_.momentum) : velocity_;
  }

  void reset() override {
    if (velocity_.defined()) velocity_.zero_();
  }
  std::vector<Tensor> state() const override {
    return velocity_.defined() ? std::vector{velocity_} : std::vector<Tensor>{};
  }

 private:
  Tensor velocity_;
};

// Kingma and Ba 2014 (arXiv:1412.6980), algorithm 1, with decoupled weight decay for AdamW.
class Adam : public Base {
 public:
  Adam(const OptimizerOptions& options, Tensor parameters)
      : Base(options, std::move(parameters)),
        mean_(zeros()),
        square_(zeros()),
        power1_(torch::ones({}, parameters_.options().dtype(torch::kDouble))),
        power2_(power1_.clone()) {}

  Tensor direction(const Tensor& gradient) override {
    const bool decoupled = options_.kind == OptimizerKind::adamw;
    const Tensor decayed = decoupled ? gradient : with_weight_decay(gradient);
    power1_.mul_(options_.beta1);
    power2_.mul_(options_.beta2);
    mean_.mul_(options_.beta1).add_(decayed, 1 - options_.beta1);
    square_.mul_(options_.beta2).addcmul_(decayed, decayed, 1 - options_.beta2);
    const Tensor unbiased1 = (1 - power1_).to(torch::kFloat), unbiased2 = (1 - power2_).sqrt().to(torch::kFloat);
    Tensor result = mean_.div(square_.sqrt().div_(unbiased2).add_(options_.eps)).div_(unbiased1);
    if (decoupled && options_.weight_decay != 0) result.add_(parameters_, options_.weight_decay);
    return result;
  }

  void reset() override {
    mean_.zero_();
    square_.zero_();
    power1_.fill_(1);
    power2_.fill_(1);
  }
  std::vector<Tensor> state() const override { return {mean_, square_, power1_, power2_}; }

 private:
  Tensor mean_, square_;
  Tensor power1_, power2_;  // of the betas, by the number of steps
};

// Tieleman and Hinton 2012 (Coursera lecture 6.5), as PyTorch has it, not centred.
class RmsProp : public Base {
 public:
  RmsProp(const OptimizerOptions& options, Tensor parameters)
      : Base(options, std::move(parameters)), square_(zeros()), velocity_(options.momentum == 0 ? Tensor() : zeros()) {}

  Tensor direction(const Tensor& gradient) override {
    const Tensor decayed = with_weight_decay(gradient);
    square_.mul_(options_.alpha).addcmul_(decayed, decayed, 1 - options_.alpha);
    const Tensor result = decayed.div(square_.sqrt().add_(options_.eps));
    if (!velocity_.defined()) return result;
    return velocity_.mul_(options_.momentum).add_(result);
  }

  void reset() override {
    square_.zero_();
    if (velocity_.defined()) velocity_.zero_();
  }
  std::vector<Tensor> state() const override {
    return velocity_.defined() ? std::vector{square_, velocity_} : std::vector{square_};
  }

 private:
  Tensor square_, velocity_;
};

// Duchi, Hazan and Singer 2011, as PyTorch has it.
class Adagrad : public Base {
 public:
  Adagrad(const OptimizerOptions& options, Tensor parameters) : Base(options, std::move(parameters)), sum_(zeros()) {}

  Tensor direction(const Tensor& gradient) override {
    const Tensor decayed = with_weight_decay(gradient);
    sum_.addcmul_(decayed, decayed);
    return decayed.div(sum_.sqrt().add_(options_.eps));
  }

  void reset() override { sum_.zero_(); }
  std::vector<Tensor> state() const override { return {sum_}; }

 private:
  Tensor sum_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, torch::Tensor parameters) {
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
