#include "train/step.hpp"

#include "train/snapshot.hpp"

#include <optional>

namespace lrfind::train {

using torch::Tensor;

namespace {

Tensor inner_product(const Tensor& a, const Tensor& b) { return (a * b).sum().to(torch::kDouble); }

void add(const Tensor& term, Tensor& sum) { sum = sum.defined() ? sum.add_(term) : term; }

}  // namespace

void Step::differentiate() {
  const double share = 1 / static_cast<double>(batches_->size());
  Tensor mean_loss;
  gradient_ = Tensor();
  inputs_.clear();
  for (const auto& batch : *batches_) {
    inputs_.push_back({normalise_(batch.pixels), batch.labels});
    const auto loss = objective_.loss(inputs_.back());
    const auto gradient = gradient_of(share == 1 ? loss : loss * share);
    const torch::NoGradGuard no_grad;
    add(loss.detach().to(torch::kDouble) * share, mean_loss);
    add(gradient, gradient_);
  }
  const torch::NoGradGuard no_grad;
  loss_scale_.unscale(gradient_);
  number(loss_at).copy_(mean_loss);
}

void Step::update() {
  const torch::NoGradGuard no_grad;
  const auto overflowed = loss_scale_.overflowed(gradient_);
  number(aligned_at).copy_(inner_product(gradient_, change_));
  choose_change(overflowed);
  const auto norms = ratios_.defined() ? parameters_.norms(parameters_.values()) : Tensor();
  parameters_.values().add_(change_);
  number(predicted_at).copy_(inner_product(gradient_, change_));
  if (ratios_.defined()) ratios_.copy_(parameters_.norms(change_) / norms);
  if (!overflowed.defined()) return;
  for (const auto which : {aligned_at, predicted_at}) number(which).masked_fill_(overflowed, Measurement::none);
  if (ratios_.defined()) ratios_.masked_fill_(overflowed, Measurement::none);
}

void Step::measure_loss_after() {
  measure(loss_after_at, [this] {
    Tensor sum;
    for (const auto& input : inputs_) add(objective_.loss(input).to(torch::kDouble), sum);
    return sum / static_cast<double>(inputs_.size());
  });
}

void Step::measure_probe_loss() {
  measure(probe_loss_at, [this] { return objective_.loss(probe_); });
}

// Of the parameters, flat; scaled where the precision needs it. A parameter that this batch's graph does not reach has
// no gradient; zero moves it by weight decay and momentum only.
Tensor Step::gradient_of(const Tensor& loss) const {
  const auto& parameters = parameters_.tensors();
  auto values = torch::autograd::grad({loss_scale_.scaled(loss)}, parameters, {}, false, false, true);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].defined()) values[i] = torch::zeros_like(parameters[i]);
  }
  const torch::NoGradGuard no_grad;
  return parameters_.join(values);
}

// Clipped to recipe.grad_clip as torch.nn.utils.clip_grad_norm_ does it, without waiting for the norm.
Tensor Step::clipped(const Tensor& gradient) const {
  if (grad_clip_ <= 0) return gradient;
  const auto factor = (grad_clip_ / (inner_product(gradient, gradient).sqrt() + 1e-6)).clamp_max(1);
  return gradient * factor.to(torch::kFloat);
}

// -rate * the optimizer's direction, per parameter group. Where gradients overflowed it is 0 and the optimizer has seen
// nothing.
void Step::choose_change(const Tensor& overflowed) {
  std::optional<Snapshot> before;
  if (overflowed.defined()) before.emplace(optimizer_->state());
  const auto direction = optimizer_->direction(clipped(gradient_));
  at::mul_out(change_, direction, minus_rate_);
  if (overflowed.defined()) {
    change_.masked_fill_(overflowed, 0);
    before->restore_where(overflowed);
  }
  if (rate_factors_.defined()) change_.mul_(rate_factors_);
}

void Step::measure(StepNumber which, const std::function<Tensor()>& loss) {
  const torch::NoGradGuard no_grad;
  const Snapshot before(buffers_);
  number(which).copy_(loss());
  before.restore();
}

Step::Step(model::Network& network, const Recipe& recipe, const Normalisation& normalisation,
           const torch::Device& device, torch::MemoryFormat format)
    : device_(device),
      normalise_(normalisation, device, format),
      objective_(network, recipe, device),
      loss_scale_(recipe.precision, device),
      grad_clip_(recipe.grad_clip),
      minus_rate_(torch::zeros({}, torch::TensorOptions(device))),
      numbers_(
          torch::full({step_number_count}, Measurement::none, torch::TensorOptions(torch::kDouble).device(device))) {
  model::move_to(network, device, format);
  groups_ = group_parameters(network.parameters(), recipe);
  parameters_ = FlatParameters(tensors_of(groups_.trained));
  buffers_ = flatten_buffers(network.buffers());
  optimizer_ = make_optimizer(recipe.optimizer, parameters_);
  rate_factors_ = rate_factors(groups_, parameters_.values().options());
  change_ = torch::zeros_like(parameters_.values());
}

void Step::reset() {
  change_.zero_();
  optimizer_->reset();
  loss_scale_.reset();
}

bool Step::set_probe(const ByteTensors& batch) {
  if (!batch.pixels.defined()) {
    probe_ = {};
    return false;
  }
  const torch::NoGradGuard no_grad;
  const NetworkInput input{normalise_(batch.pixels.to(device_)), batch.labels.to(device_, torch::kLong, false, true)};
  const bool moves = !has_probe() || !probe_.images.sizes().equals(input.images.sizes());
  if (moves) {
    probe_ = input;
  } else {
    probe_.images.copy_(input.images);
    probe_.labels.copy_(input.labels);
  }
  return moves;
}

void Step::record_update_ratios(bool on) {
  ratios_ = on ? torch::zeros({static_cast<std::int64_t>(trained().size())}, numbers_.options()) : Tensor();
}

std::vector<Tensor> Step::state() const {
  std::vector<Tensor> tensors = {parameters_.values(), change_, numbers_};
  for (const auto& more : {optimizer_->state(), buffers_, loss_scale_.state()}) {
    tensors.insert(tensors.end(), more.begin(), more.end());
  }
  return tensors;
}

}  // namespace lrfind::train
