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
  find_shares();
  Tensor mean_loss;
  gradient_ = Tensor();
  inputs_.clear();
  for (const auto& batch : *batches_) {
    const double share = shares_[inputs_.size()];
    inputs_.push_back({normalise_(batch.pixels), batch.labels});
    const auto loss = objective_.loss(inputs_.back());
    const auto gradient = gradient_of(share == 1 ? loss : loss * share);
    const torch::NoGradGuard no_grad;
    add(loss.detach().to(torch::kDouble) * share, mean_loss);
    add(gradient, gradient_);
  }
  const torch::NoGradGuard no_grad;
  if (group_) sum_over_ranks(mean_loss);
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
    const auto batches = static_cast<double>(inputs_.size());
    Tensor sum;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const auto loss = objective_.loss(inputs_[i]).to(torch::kDouble);
      add(group_ ? loss * (shares_[i] * batches) : loss, sum);
    }
    return sum / batches;
  });
}

void Step::measure_probe_loss() {
  measure(probe_loss_at, [this] {
    if (!probe_.images.defined()) return torch::zeros_like(number(probe_loss_at));
    const auto loss = objective_.loss(probe_);
    return group_ ? loss.to(torch::kDouble) * probe_share_ : loss;
  });
}

void Step::share_measurements() {
  if (!group_) return;
  const torch::NoGradGuard no_grad;
  auto measured = numbers_.narrow(0, loss_after_at, 2).clone();
  group_->sum(measured);
  numbers_.narrow(0, loss_after_at, 2).copy_(measured);
}

// A batch is one part of the ranks' common batch, in whose mean loss it has the share of its images' weights.
void Step::find_shares() {
  const auto batches = batches_->size();
  shares_.assign(batches, 1 / static_cast<double>(batches));
  if (!group_) return;
  auto weights = torch::empty({static_cast<std::int64_t>(batches)}, torch::kDouble);
  for (std::size_t i = 0; i < batches; ++i) {
    weights[static_cast<std::int64_t>(i)] = objective_.weight_of((*batches_)[i].labels);
  }
  auto total = weights.clone();
  if (objective_.weighs_classes()) {
    group_->sum(total);
  } else {  // the ranks' batches are of one size
    total *= group_->size();
  }
  const auto parts = weights / total;
  for (std::size_t i = 0; i < batches; ++i) shares_[i] *= parts[static_cast<std::int64_t>(i)].item<double>();
}

// One message a step: the gradient, the loss as a float and what that leaves, and whether anyone wants to end.
void Step::sum_over_ranks(Tensor& loss) {
  const auto rounded = loss.to(torch::kFloat);
  const auto rest = (loss - rounded.to(torch::kDouble)).to(torch::kFloat);
  const auto stop = torch::full({1}, group_->asked_to_stop() ? 1.0F : 0.0F, gradient_.options());
  auto message = torch::cat({gradient_, rounded.view({1}), rest.view({1}), stop});
  group_->sum(message);
  const auto length = gradient_.numel();
  gradient_ = message.narrow(0, 0, length);
  loss = message[length].to(torch::kDouble) + message[length + 1].to(torch::kDouble);
  number(stop_at).copy_(message[length + 2]);
}

Evaluation Step::evaluate(const std::vector<ByteTensors>& batches) {
  if (!group_) return objective_.evaluate(batches, normalise_);
  // Statistics of normalisation layers, of which every rank may have its own.
  for (auto& buffer : buffers_) {
    if (!buffer.is_floating_point()) continue;
    group_->sum(buffer);
    buffer.div_(group_->size());
  }
  auto sums = objective_.sums_over(batches, normalise_);
  group_->sum(sums);
  return mean_of(sums);
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
           const torch::Device& device, torch::MemoryFormat format, std::shared_ptr<ProcessGroup> group)
    : device_(device),
      normalise_(normalisation, device, format),
      group_(std::move(group)),
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
  const torch::NoGradGuard no_grad;
  probed_ = batch.pixels.defined();
  if (group_) {
    auto weight = torch::zeros({1}, torch::kDouble);
    if (probed_) weight[0] = objective_.weight_of(batch.labels);
    auto total = weight.clone();
    group_->sum(total);
    const double all = total.item<double>();
    probe_share_ = all > 0 ? weight.item<double>() / all : 0;
    probed_ = all > 0;
  }
  if (!batch.pixels.defined()) {
    probe_ = {};
    return false;
  }
  const NetworkInput input{normalise_(batch.pixels.to(device_)), batch.labels.to(device_, torch::kLong, false, true)};
  const bool moves = !probe_.images.defined() || !probe_.images.sizes().equals(input.images.sizes());
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
