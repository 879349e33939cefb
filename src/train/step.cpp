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
  const double share = 1 / static_cast<double>(batches_->size());
  Tensor mean_loss;
  gradient_.clear();
  inputs_.clear();
  for (const auto& batch : *batches_) {
    inputs_.push_back({normalise_(batch.pixels), batch.labels});
    const auto loss = objective_.loss(inputs_.back());
    const auto gradient = gradient_of(share == 1 ? loss : loss * share);
    const torch::NoGradGuard no_grad;
    add(loss.detach().to(torch::kDouble) * share, mean_loss);
    for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] = gradient_[i] + gradient[i];
    if (gradient_.empty()) gradient_ = gradient;
  }
  const torch::NoGradGuard no_grad;
  loss_scale_.unscale(gradient_);
  number(loss_at).copy_(mean_loss);
}

void Step::update() {
  const torch::NoGradGuard no_grad;
  const auto overflowed = loss_scale_.overflowed(gradient_);
  const auto norms = ratios_.defined() ? norms_of(parameters_.values()) : Tensor();
  const auto clipping = clipping_factor();
  std::vector<Tensor> aligned(blocks_.size()), predicted(blocks_.size());
  each_block([&](std::size_t i) {
    auto& block = blocks_[i];
    aligned[i] = inner_product(gradient_[i], block.change);
    choose_change(block, clipping.defined() ? gradient_[i] * clipping : gradient_[i], overflowed);
    block.values.add_(block.change);
    predicted[i] = inner_product(gradient_[i], block.change);
  });
  number(aligned_at).copy_(total(aligned));
  number(predicted_at).copy_(total(predicted));
  if (ratios_.defined()) ratios_.copy_(norms_of(change_) / norms);
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

// -rate * the optimizer's direction, per parameter group. Where gradients overflowed it is 0 and the optimizer has seen
// nothing.
void Step::choose_change(Block& block, const Tensor& gradient, const Tensor& overflowed) {
  std::optional<Snapshot> before;
  if (overflowed.defined()) before.emplace(block.optimizer->state());
  at::mul_out(block.change, block.optimizer->direction(gradient), minus_rate_);
  if (overflowed.defined()) {
    block.change.masked_fill_(overflowed, 0);
    before->restore_where(overflowed);
  }
  if (block.rate_factors.defined()) block.change.mul_(block.rate_factors);
}

// The norm of each trained tensor's part.
Tensor Step::norms_of(const Tensor& flat) const {
  std::vector<Tensor> norms;
  for (const auto& part : parameters_.parts(flat)) norms.push_back(part.norm());
  return torch::stack(norms);
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
  change_ = torch::zeros_like(parameters_.values());
  make_blocks(recipe.optimizer);
}

void Step::make_blocks(const OptimizerOptions& options) {
  const auto& values = parameters_.values();
  const auto factors = rate_factors(groups_, values.options());
  const auto longest = device_.is_cpu() ? block_size_on_cpu : values.numel();
  for (std::int64_t begin = 0; begin < values.numel(); begin += longest) {
    const auto part = [&](const Tensor& all) { return all.narrow(0, begin, std::min(longest, all.numel() - begin)); };
    blocks_.push_back({begin, part(values), part(change_), factors.defined() ? part(factors) : Tensor(),
                       make_optimizer(options, part(values))});
  }
}

void Step::reset() {
  change_.zero_();
  for (auto& block : blocks_) block.optimizer->reset();
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
  const auto append = [&](const std::vector<Tensor>& more) { tensors.insert(tensors.end(), more.begin(), more.end()); };
  for (const auto& block : blocks_) append(block.optimizer->state());
  append(buffers_);
  append(loss_scale_.state());
  return tensors;
}

}  // namespace lrfind::train
