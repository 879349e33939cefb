#include "train/optimizer.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

using torch::Tensor;

class Base : public Optimizer {
 public:
  Base(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : options_(options), rounding_(rounding), layers_(std::move(parameters)), parameters_(layers_.values()) {}

  void move_along(const Tensor& direction, double lr) override { parameters_.add_(direction, -lr); }

 protected:
  Tensor zeros() const { return torch::zeros_like(parameters_); }

  Tensor with_weight_decay(const Tensor& gradient) const {
    return options_.weight_decay == 0 ? gradient : gradient.add(parameters_, options_.weight_decay);
  }

  OptimizerOptions options_;
  Rounding rounding_;
  FlatParameters layers_;
  Tensor parameters_;  // all of them
};

class Sgd : public Base {
 public:
  Sgd(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : Base(options, std::move(parameters), rounding), velocity_(options.momentum == 0 ? Tensor() : zeros()) {}

  Tensor direction(const Tensor& gradient) override { return with_momentum(with_weight_decay(gradient)); }

  void reset() override {
    if (velocity_.defined()) velocity_.zero_();
  }
  std::vector<Tensor> state() const override {
    return velocity_.defined() ? std::vector{velocity_} : std::vector<Tensor>{};
  }

 protected:
  Tensor with_momentum(const Tensor& decayed) {
    if (!velocity_.defined()) return decayed;
    velocity_.mul_(options_.momentum).add_(decayed);
    return options_.nesterov ? decayed.add(velocity_, options_.momentum) : velocity_;
  }

 private:
  Tensor velocity_;
};

// You, Gitman and Ginsburg 2017 (arXiv:1708.03888), algorithm 1, as timm has it: without weight decay no layer's rate
// is adapted.
class Lars : public Sgd {
 public:
  using Sgd::Sgd;

  Tensor direction(const Tensor& gradient) override {
    if (options_.weight_decay == 0) return with_momentum(gradient);
    const Tensor adapted = with_weight_decay(gradient);
    layers_.scale_parts(adapted, trust_ratios(layers_.norms(parameters_), layers_.norms(gradient)));
    return with_momentum(adapted);
  }

 private:
  // One per tensor; 1 where weights or gradient are zero.
  Tensor trust_ratios(const Tensor& weights, const Tensor& gradients) const {
    constexpr double trust = 0.001;
    const Tensor ratios = trust * weights / (gradients + options_.weight_decay * weights + options_.eps);
    return ratios.masked_fill(weights.eq(0).logical_or(gradients.eq(0)), 1);
  }
};

// What the family of Adam shares: decaying means of the gradient and of its square.
class WithMoments : public Base {
 public:
  WithMoments(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : Base(options, std::move(parameters), rounding),
        mean_(zeros()),
        square_(zeros()),
        power1_(torch::ones({}, parameters_.options().dtype(torch::kDouble))),
        power2_(power1_.clone()) {}

  void reset() override {
    mean_.zero_();
    square_.zero_();
    power1_.fill_(1);
    power2_.fill_(1);
  }
  std::vector<Tensor> state() const override { return {mean_, square_, power1_, power2_}; }

 protected:
  void take(const Tensor& gradient) {
    power1_.mul_(options_.beta1);
    power2_.mul_(options_.beta2);
    if (rounding_ == Rounding::as_pytorch) {
      mean_.lerp_(gradient, 1 - options_.beta1);
    } else {
      mean_.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
    }
    square_.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  }

  // Root of the mean square, without the bias of a start from zero.
  Tensor denominator() const { return square_.sqrt().div_((1 - power2_).sqrt().to(torch::kFloat)).add_(options_.eps); }
  Tensor adam_step() const { return mean_.div(denominator()).div_((1 - power1_).to(torch::kFloat)); }

  Tensor mean_, square_;
  Tensor power1_, power2_;  // of the betas, by the number of steps
};

// Kingma and Ba 2014 (arXiv:1412.6980), algorithm 1, with decoupled weight decay for AdamW.
class Adam : public WithMoments {
 public:
  using WithMoments::WithMoments;

  Tensor direction(const Tensor& gradient) override {
    take(is_decoupled() ? gradient : with_weight_decay(gradient));
    Tensor result = adam_step();
    if (is_decoupled()) result.add_(parameters_, options_.weight_decay);
    return result;
  }

  void move_along(const Tensor& /*direction*/, double lr) override {
    if (is_decoupled()) parameters_.mul_(1 - lr * options_.weight_decay);
    parameters_.addcdiv_(mean_, denominator(), -lr / (1 - power1_.item<double>()));
  }

 private:
  bool is_decoupled() const { return options_.kind == OptimizerKind::adamw && options_.weight_decay != 0; }
};

// Dozat 2016, "Incorporating Nesterov Momentum into Adam", with its schedule of beta1.
class NAdam : public WithMoments {
 public:
  NAdam(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : WithMoments(options, std::move(parameters), rounding), schedule_(power1_.clone()), product_(power1_.clone()) {}

  Tensor direction(const Tensor& gradient) override {
    const Tensor decayed = with_weight_decay(gradient);
    take(decayed);
    schedule_.mul_(schedule_factor);
    const Tensor now = options_.beta1 * (1 - 0.5 * schedule_);
    const Tensor next = options_.beta1 * (1 - 0.5 * schedule_factor * schedule_);
    product_.mul_(now);
    const Tensor of_gradient = ((1 - now) / (1 - product_)).to(torch::kFloat);
    const Tensor of_mean = (next / (1 - product_ * next)).to(torch::kFloat);
    return decayed.mul(of_gradient).add_(mean_.mul(of_mean)).div_(denominator());
  }

  void reset() override {
    WithMoments::reset();
    schedule_.fill_(1);
    product_.fill_(1);
  }
  std::vector<Tensor> state() const override { return {mean_, square_, power1_, power2_, schedule_, product_}; }

 private:
  static inline const double schedule_factor = std::pow(0.96, 0.004);  // the paper's 0.96, PyTorch's momentum_decay

  Tensor schedule_;  // schedule_factor to the number of steps
  Tensor product_;   // of the scheduled beta1 of all steps
};

// Liu et al. 2019 (arXiv:1908.03265), algorithm 2: momentum alone until enough squares are seen for their variance.
class RAdam : public WithMoments {
 public:
  RAdam(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : WithMoments(options, std::move(parameters), rounding), steps_(torch::zeros_like(power1_)) {}

  Tensor direction(const Tensor& gradient) override {
    take(with_weight_decay(gradient));
    steps_.add_(1);
    const double most = 2 / (1 - options_.beta2) - 1;
    const Tensor length = most - 2 * steps_ * power2_ / (1 - power2_);
    const Tensor rectified =
        ((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length) * (1 - power2_)).sqrt();
    const Tensor adaptive = rectified.to(torch::kFloat) / square_.sqrt().add_(options_.eps);
    return mean_.div((1 - power1_).to(torch::kFloat)).mul_(adaptive.masked_fill_(length.le(5), 1));
  }

  void reset() override {
    WithMoments::reset();
    steps_.zero_();
  }
  std::vector<Tensor> state() const override { return {mean_, square_, power1_, power2_, steps_}; }

 private:
  Tensor steps_;
};

// You et al. 2019 (arXiv:1904.00962), algorithm 2, as timm has it: the gradient is clipped to a norm of 1, and without
// weight decay no layer's rate is adapted.
class Lamb : public WithMoments {
 public:
  using WithMoments::WithMoments;

  Tensor direction(const Tensor& gradient) override {
    take(gradient / gradient.norm().clamp_min(1));
    Tensor result = adam_step();
    if (options_.weight_decay == 0) return result;
    result.add_(parameters_, options_.weight_decay);
    const Tensor weights = layers_.norms(parameters_), steps = layers_.norms(result);
    layers_.scale_parts(result, (weights / steps).masked_fill_(weights.eq(0).logical_or(steps.eq(0)), 1));
    return result;
  }
};

// Chen et al. 2023 (arXiv:2302.06675), algorithm 2, with its decoupled weight decay.
class Lion : public Base {
 public:
  Lion(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : Base(options, std::move(parameters), rounding), mean_(zeros()) {}

  Tensor direction(const Tensor& gradient) override {
    Tensor result = mean_.lerp(gradient, 1 - options_.beta1).sign_();
    mean_.lerp_(gradient, 1 - options_.beta2);
    return options_.weight_decay == 0 ? result : result.add_(parameters_, options_.weight_decay);
  }

  void reset() override { mean_.zero_(); }
  std::vector<Tensor> state() const override { return {mean_}; }

 private:
  Tensor mean_;
};

// Tieleman and Hinton 2012 (Coursera lecture 6.5), as PyTorch has it, not centred.
class RmsProp : public Base {
 public:
  RmsProp(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : Base(options, std::move(parameters), rounding),
        square_(zeros()),
        velocity_(options.momentum == 0 ? Tensor() : zeros()) {}

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
  Adagrad(const OptimizerOptions& options, FlatParameters parameters, Rounding rounding)
      : Base(options, std::move(parameters), rounding), sum_(zeros()) {}

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

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, FlatParameters parameters,
                                          Rounding rounding) {
  switch (options.kind) {
    case OptimizerKind::sgd:
      return std::make_unique<Sgd>(options, std::move(parameters), rounding);
    case OptimizerKind::nadam:
      return std::make_unique<NAdam>(options, std::move(parameters), rounding);
    case OptimizerKind::radam:
      return std::make_unique<RAdam>(options, std::move(parameters), rounding);
    case OptimizerKind::rmsprop:
      return std::make_unique<RmsProp>(options, std::move(parameters), rounding);
    case OptimizerKind::adagrad:
      return std::make_unique<Adagrad>(options, std::move(parameters), rounding);
    case OptimizerKind::lion:
      return std::make_unique<Lion>(options, std::move(parameters), rounding);
    case OptimizerKind::lars:
      return std::make_unique<Lars>(options, std::move(parameters), rounding);
    case OptimizerKind::lamb:
      return std::make_unique<Lamb>(options, std::move(parameters), rounding);
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      break;
  }
  return std::make_unique<Adam>(options, std::move(parameters), rounding);
}

}  // namespace lrfind::train
