#include "train/trainer.hpp"

#include "train/buffers.hpp"
#include "train/random_state.hpp"
#include "train/stopwatch.hpp"

#include <cmath>
#include <optional>

namespace lrfind::train {

namespace {

using torch::Tensor;

constexpr double smallest_predicted_decrease =
    1e-5;                                           // of the loss; below it the difference of two losses is float noise
constexpr double smallest_aligned_decrease = 3e-5;  // likewise, where an update is compared with the next gradient
constexpr int steps_ahead_on_gpu = 8;

Tensor inner_product(const Tensor& a, const Tensor& b) { return (a * b).sum().to(torch::kDouble); }

std::vector<Tensor> tensors_of(const std::vector<model::NamedTensor>& list) {
  std::vector<Tensor> tensors;
  tensors.reserve(list.size());
  for (const auto& item : list) tensors.push_back(item.tensor);
  return tensors;
}

}  // namespace

Recorder Trainer::recorder_for(const torch::Device& device) {
  return device.is_cuda() ? Recorder(Replay::record) : Recorder();
}

Trainer::Trainer(model::Network& network, Recipe recipe, const Normalisation& normalisation,
                 const torch::Device& device, torch::MemoryFormat format, const Recorder& recorder)
    : network_(network),
      recipe_(std::move(recipe)),
      device_(device),
      normalise_(normalisation, device, format),
      objective_(network, recipe_, device),
      loss_scale_(recipe_.precision, device),
      staging_(device),
      replays_(recorder),
      minus_rate_(torch::zeros({}, torch::TensorOptions(device))),
      numbers_(torch::full({number_count}, Measurement::none, torch::TensorOptions(torch::kDouble).device(device))),
      learn_({[this] {
                differentiate();
                update();
              },
              number(loss_at), [this] { return state(); }},
             device, recorder),
      gain_({[this] { measure_loss_after(); }, number(loss_after_at), [this] { return state(); }}, device, recorder),
      look_({[this] { measure_probe_loss(); }, number(probe_loss_at), [this] { return state(); }}, device, recorder) {
  model::move_to(network_, device_, format);
  groups_ = group_parameters(network_.parameters(), recipe_);
  parameters_ = Joined(tensors_of(groups_.trained));
  buffers_ = join_buffers(network_.buffers());
  auto whole = tensors_of(network_.parameters());
  whole.insert(whole.end(), buffers_.begin(), buffers_.end());
  initial_.emplace(std::move(whole));
  optimizer_ = make_optimizer(recipe_.optimizer, parameters_.values());
  rate_factors_ = rate_factors(groups_, parameters_.values().options());
  change_ = torch::zeros_like(parameters_.values());
}

std::vector<std::string> Trainer::start(std::uint64_t seed, bool fresh_weights) {
  const torch::NoGradGuard no_grad;
  initial_->restore();
  std::vector<std::string> left;
  if (fresh_weights) left = network_.initialise(seed);
  torch::manual_seed(seed);
  network_.train(true);
  pending_.clear();
  change_.zero_();
  last_predicted_ = 0;
  optimizer_->reset();
  loss_scale_.reset();
  times_ = {};
  return left;
}

void Trainer::set_probe(const ImageBatch& batch) {
  if (!batch.pixels.defined()) {
    probe_ = {};
    return;
  }
  const torch::NoGradGuard no_grad;
  const Input input{normalise_(batch.pixels.to(device_)), batch.labels.to(device_, torch::kLong, false, true)};
  if (probe_.images.defined() && probe_.images.sizes() == input.images.sizes()) {
    probe_.images.copy_(input.images);
    probe_.labels.copy_(input.labels);
  } else {
    probe_ = input;
    look_.forget();
  }
}

// Loss and gradient of the step's batches.
void Trainer::differentiate() {
  const Stopwatch watch(times_.forward_backward_s);
  const auto& parameters = parameters_.tensors();
  const double part = 1 / static_cast<double>(batches_->size());
  Tensor mean_loss;
  gradient_ = Tensor();
  inputs_.clear();
  for (const auto& batch : *batches_) {
    inputs_.push_back({normalise_(batch.pixels), batch.labels});
    const auto loss = objective_.loss(inputs_.back());
    // A parameter that this batch's graph does not reach has no gradient; zero moves it by weight decay and momentum
    // only.
    auto values =
        torch::autograd::grad({loss_scale_.scaled(part == 1 ? loss : loss * part)}, parameters, {}, false, false, true);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].defined()) values[i] = torch::zeros_like(parameters[i]);
    }
    const torch::NoGradGuard no_grad;
    const auto loss_part = loss.detach().to(torch::kDouble) * part;
    const auto gradient = parameters_.join(values);
    mean_loss = mean_loss.defined() ? mean_loss + loss_part : loss_part;
    gradient_ = gradient_.defined() ? gradient_.add_(gradient) : gradient;
  }
  const torch::NoGradGuard no_grad;
  loss_scale_.unscale(gradient_);
  number(loss_at).copy_(mean_loss);
}

// Clipped to recipe.grad_clip as torch.nn.utils.clip_grad_norm_ does it, without waiting for the norm.
Tensor Trainer::clipped(const Tensor& gradient) const {
  if (recipe_.grad_clip <= 0) return gradient;
  const auto factor = (recipe_.grad_clip / (inner_product(gradient, gradient).sqrt() + 1e-6)).clamp_max(1);
  return gradient * factor.to(torch::kFloat);
}

// Changes the parameters, and compares the gradient with this change and with the one before. Where fp16 gradients
// overflowed, nothing changes and nothing is compared.
void Trainer::update() {
  const torch::NoGradGuard no_grad;
  const Stopwatch watch(times_.optimizer_s);
  const auto overflowed = loss_scale_.overflowed(gradient_);
  std::optional<Snapshot> before;
  if (overflowed.defined()) before.emplace(optimizer_->state());
  number(aligned_at).copy_(inner_product(gradient_, change_));
  const auto direction = optimizer_->direction(clipped(gradient_));
  at::mul_out(change_, direction, minus_rate_);
  if (overflowed.defined()) {
    change_.masked_fill_(overflowed, 0);
    before->restore_where(overflowed);
  }
  if (rate_factors_.defined()) change_.mul_(rate_factors_);
  const auto norms = ratios_.defined() ? norms_of(parameters_.values()) : Tensor();
  parameters_.values().add_(change_);
  number(predicted_at).copy_(inner_product(gradient_, change_));
  if (ratios_.defined()) ratios_.copy_(norms_of(change_) / norms);
  if (!overflowed.defined()) return;
  for (const Number which : {aligned_at, predicted_at}) number(which).masked_fill_(overflowed, Measurement::none);
  if (ratios_.defined()) ratios_.masked_fill_(overflowed, Measurement::none);
}

// The norm of each trained tensor's part.
Tensor Trainer::norms_of(const Tensor& joined) const {
  std::vector<Tensor> norms;
  for (const auto& part : parameters_.parts(joined)) norms.push_back(part.norm());
  return torch::stack(norms);
}

// Writes a loss in training mode that no later step is to notice.
template <typename Loss>
void Trainer::measure(Number which, const Loss& loss) {
  const torch::NoGradGuard no_grad;
  const Snapshot before(buffers_);
  number(which).copy_(loss());
  before.restore();
}

void Trainer::measure_loss_after() {
  const Stopwatch watch(times_.gain_s);
  measure(loss_after_at, [this] {
    Tensor loss;
    for (const auto& input : inputs_) {
      const auto part = objective_.loss(input).to(torch::kDouble);
      loss = loss.defined() ? loss + part : part;
    }
    return loss / static_cast<double>(inputs_.size());
  });
}

void Trainer::measure_probe_loss() {
  const Stopwatch watch(times_.probe_s);
  measure(probe_loss_at, [this] { return objective_.loss(probe_); });
}

// What a step changes and the next one depends on.
std::vector<Tensor> Trainer::state() const {
  std::vector<Tensor> tensors = {parameters_.values(), change_, numbers_};
  for (const auto& more : {optimizer_->state(), buffers_, loss_scale_.state()}) {
    tensors.insert(tensors.end(), more.begin(), more.end());
  }
  return tensors;
}

void Trainer::record_update_ratios(bool on) {
  if (on == ratios_.defined()) return;
  ratios_ = on ? torch::zeros({static_cast<std::int64_t>(trained().size())}, numbers_.options()) : Tensor();
  forget_step();
}

// The gain ratio's pass reads what the network was given in the step that was recorded.
void Trainer::forget_step() {
  learn_.forget();
  gain_.forget();
}

// Puts the step's batches where the step finds them.
void Trainer::bring(const std::vector<ImageBatch>& batches) {
  const bool ready = device_.is_cpu() && !replays_ && batches.front().changes.empty();
  batches_ = ready ? &batches : &staging_.bring(batches);
  if (staging_.moves() == staged_moves_) return;
  staged_moves_ = staging_.moves();
  forget_step();
}

void Trainer::prepare(const std::vector<ImageBatch>& batches, bool gain) {
  if (!replays_) return;
  bring(batches);
  learn_.prepare();
  if (gain && learn_.obstacle().empty()) gain_.prepare();
  if (probe_.images.defined()) look_.prepare();
}

void Trainer::submit(const std::vector<ImageBatch>& batches, double lr, bool measure_gain) {
  std::optional<RandomState> random_before;
  if (measure_gain) random_before.emplace(device_);
  bring(batches);
  minus_rate_.fill_(-lr);
  learn_.run();
  // Where the numbers are at hand, a gain ratio that would be discarded is not measured at all.
  if (measure_gain && device_.is_cpu()) {
    measure_gain = std::abs(number(predicted_at).item<double>()) >=
                   smallest_predicted_decrease * std::abs(number(loss_at).item<double>());
  }
  if (measure_gain) {
    random_before->rewind();
    // Recorded, it would read the inputs of a recorded step.
    learn_.obstacle().empty() ? gain_.run() : measure_loss_after();
  }
  if (probe_.images.defined()) {
    RandomState random(device_);
    look_.run();
    random.rewind();
  }
  finish(measure_gain, probe_.images.defined());
}

// Sends a step's numbers on their way to the caller.
void Trainer::finish(bool has_loss_after, bool has_probe_loss) {
  const auto on_its_way = [this](const Tensor& values) {
    auto host = torch::empty(values.sizes(), torch::TensorOptions(torch::kDouble).pinned_memory(device_.is_cuda()));
    return host.copy_(values, true);
  };
  const auto ratios = ratios_.defined() ? on_its_way(ratios_) : Tensor();
  pending_.push_back({on_its_way(numbers_), ratios, has_loss_after, has_probe_loss, DeviceMark(device_)});
}

Measurement Trainer::collect() {
  const Stopwatch watch(times_.wait_s);
  const Pending step = std::move(pending_.front());
  pending_.pop_front();
  step.done.wait();
  const double* numbers = step.numbers.data_ptr<double>();
  Measurement measured;
  measured.loss = numbers[loss_at];
  const double predicted = -numbers[predicted_at];
  const double aligned = -numbers[aligned_at] / std::abs(last_predicted_);
  if (std::isfinite(aligned) && std::abs(last_predicted_) > smallest_aligned_decrease * std::abs(last_loss_)) {
    measured.alignment_of_previous = aligned;
  }
  if (step.has_loss_after && std::abs(predicted) >= smallest_predicted_decrease * std::abs(measured.loss)) {
    measured.gain_ratio = (measured.loss - numbers[loss_after_at]) / predicted;
  }
  if (step.has_probe_loss) measured.probe_loss = numbers[probe_loss_at];
  if (step.ratios.defined()) {
    update_ratios_.assign(step.ratios.data_ptr<double>(), step.ratios.data_ptr<double>() + step.ratios.numel());
  }
  last_loss_ = measured.loss;
  last_predicted_ = predicted;
  return measured;
}

int Trainer::ahead() const { return device_.is_cpu() ? 0 : steps_ahead_on_gpu; }

Measurement Trainer::step(const std::vector<ImageBatch>& batches, double lr, bool measure_gain) {
  submit(batches, lr, measure_gain);
  return collect();
}

}  // namespace lrfind::train
