#include "train/step.hpp"

#include "train/parallel.hpp"
#include "train/snapshot.hpp"

#include <algorithm>
#include <optional>

namespace lrfind::train {

using torch::Tensor;

namespace {

// Parameters that are updated together on the CPU: with gradient, change and the optimizer's state they stay in a
// core's cache from the first operator to the last (scripts/bench/compare_networks.py --only dense).
constexpr std::int64_t block_size_on_cpu = std::int64_t{1} << 16;

Tensor inner_product(const Tensor& a, const Tensor& b) { return (a * b).sum().to(torch::kDouble); }

Tensor total(const std::vector<Tensor>& terms) { return terms.size() == 1 ? terms.front() : torch::stack(terms).sum(); }

void add(const Tensor& term, Tensor& sum) { sum = sum.defined() ? sum.add_(term) : term; }

}  // namespace

void Step::differentiate() {
  find_shares();
  Tensor mean_loss;
  gradient_.clear();
  inputs_.clear();
  for (const auto& batch : *batches_) {
    const double share = shares_[inputs_.size()];
    inputs_.push_back({normalise_(batch.pixels), batch.labels});
    const auto loss = objective_.loss(inputs_.back());
    const auto gradient = gradient_of(share == 1 ? loss : loss * share);
    const torch::NoGradGuard no_grad;
    add(loss.detach().to(torch::kDouble) * share, mean_loss);
    for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] = gradient_[i] + gradient[i];
    if (gradient_.empty()) gradient_ = gradient;
  }
  const torch::NoGradGuard no_grad;
  if (group_) sum_over_ranks(mean_loss);
  loss_scale_.unscale(gradient_);
  number(loss_at).copy_(mean_loss);
}

void Step::update() {
  const torch::NoGradGuard no_grad;
  const auto overflowed = loss_scale_.overflowed(gradient_);
  const auto norms = ratios_.defined() ? parameters_.norms(parameters_.values()) : Tensor();
  const auto clipping = clipping_factor();
  std::vector<Tensor> aligned(blocks_.size()), predicted(blocks_.size());
  each_block([&](std::size_t i) {
    auto& block = blocks_[i];
    aligned[i] = inner_product(gradient_[i], block.change);
    change(block, clipping.defined() ? gradient_[i] * clipping : gradient_[i], overflowed);
    predicted[i] = inner_product(gradient_[i], block.change);
  });
  number(aligned_at).copy_(total(aligned));
  number(predicted_at).copy_(total(predicted));
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
  const auto stop = torch::full({1}, group_->asked_to_stop() ? 1.0F : 0.0F, rounded.options());
  auto pieces = gradient_;
  for (const auto& number : {rounded.view({1}), rest.view({1}), stop}) pieces.push_back(number);
  auto message = torch::cat(pieces);
  group_->sum(message);
  const auto length = parameters_.values().numel();
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    gradient_[i] = message.narrow(0, blocks_[i].begin, blocks_[i].values.numel());
  }
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

// Of each block; scaled where the precision needs it. A parameter that this batch's graph does not reach has no
// gradient; zero moves it by weight decay and momentum only.
std::vector<Tensor> Step::gradient_of(const Tensor& loss) const {
  const auto& parameters = parameters_.tensors();
  auto values = torch::autograd::grad({loss_scale_.scaled(loss)}, parameters, {}, false, false, true);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].defined()) values[i] = torch::zeros_like(parameters[i]);
  }
  const torch::NoGradGuard no_grad;
  const auto flat = parameters_.flat(values);
  std::vector<Tensor> gradient(blocks_.size());
  each_block([&](std::size_t i) { gradient[i] = block_of(flat, blocks_[i].begin, blocks_[i].values.numel()); });
  return gradient;
}

// What torch.nn.utils.clip_grad_norm_ multiplies the gradient with, without waiting for the norm; undefined: nothing.
Tensor Step::clipping_factor() const {
  if (grad_clip_ <= 0) return {};
  std::vector<Tensor> squares(blocks_.size());
  each_block([&](std::size_t i) { squares[i] = inner_product(gradient_[i], gradient_[i]); });
  return (grad_clip_ / (total(squares).sqrt() + 1e-6)).clamp_max(1).to(torch::kFloat);
}

void Step::each_block(const std::function<void(std::size_t)>& work) const {
  parallel_ranges(std::ssize(blocks_), 1, [&](std::int64_t begin, std::int64_t end) {
    const torch::NoGradGuard no_grad;
    for (auto i = begin; i < end; ++i) work(static_cast<std::size_t>(i));
  });
}

// By -rate * the optimizer's direction, per parameter group. Where gradients overflowed it is 0 and the optimizer has
// seen nothing.
void Step::change(Block& block, const Tensor& gradient, const Tensor& overflowed) {
  std::optional<Snapshot> before;
  if (overflowed.defined()) before.emplace(block.optimizer->state());
  const auto direction = block.optimizer->direction(gradient);
  at::mul_out(block.change, direction, minus_rate_);
  if (as_pytorch_ && !block.rate_factors.defined()) return block.optimizer->move_along(direction, rate_);
  if (overflowed.defined()) {
    block.change.masked_fill_(overflowed, 0);
    before->restore_where(overflowed);
  }
  if (block.rate_factors.defined()) block.change.mul_(block.rate_factors);
  block.values.add_(block.change);
}

void Step::measure(StepNumber which, const std::function<Tensor()>& loss) {
  const torch::NoGradGuard no_grad;
  const Snapshot before(buffers_);
  number(which).copy_(loss());
  before.restore();
}

Step::Step(model::Network& network, const Recipe& recipe, const Normalisation& normalisation,
           const torch::Device& device, torch::MemoryFormat format, std::shared_ptr<ProcessGroup> group,
           Rounding rounding)
    : device_(device),
      normalise_(normalisation, device, format, rounding),
      group_(std::move(group)),
      objective_(network, recipe, device),
      loss_scale_(recipe.precision, device),
      grad_clip_(recipe.grad_clip),
      as_pytorch_(rounding == Rounding::as_pytorch && device.is_cpu()),
      minus_rate_(torch::zeros({}, torch::TensorOptions(device))),
      numbers_(
          torch::full({step_number_count}, Measurement::none, torch::TensorOptions(torch::kDouble).device(device))) {
  model::move_to(network, device, format);
  groups_ = group_parameters(network.parameters(), recipe);
  parameters_ = FlatParameters(tensors_of(groups_.trained));
  buffers_ = flatten_buffers(network.buffers());
  change_ = torch::zeros_like(parameters_.values());
  make_blocks(recipe.optimizer, as_pytorch_ ? rounding : Rounding::own);
}

void Step::make_blocks(const OptimizerOptions& options, Rounding rounding) {
  const auto& values = parameters_.values();
  const auto factors = rate_factors(groups_, values.options());
  const bool by_tensor = options.kind == OptimizerKind::lars || options.kind == OptimizerKind::lamb;
  const auto longest = device_.is_cpu() && !by_tensor ? block_size_on_cpu : values.numel();
  for (std::int64_t begin = 0; begin < values.numel(); begin += longest) {
    const auto part = [&](const Tensor& all) { return all.narrow(0, begin, std::min(longest, all.numel() - begin)); };
    blocks_.push_back(
        {begin, part(values), part(change_), factors.defined() ? part(factors) : Tensor(),
         make_optimizer(options, by_tensor ? parameters_ : FlatParameters::over(part(values)), rounding)});
  }
}

void Step::reset() {
  change_.zero_();
  for (auto& block : blocks_) block.optimizer->reset();
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
  const auto append = [&](const std::vector<Tensor>& more) { tensors.insert(tensors.end(), more.begin(), more.end()); };
  for (const auto& block : blocks_) append(block.optimizer->state());
  append(buffers_);
  append(loss_scale_.state());
  return tensors;
}

}  // namespace lrfind::train
