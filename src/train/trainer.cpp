#include "train/trainer.hpp"

#include "train/parameter_groups.hpp"
#include "train/stopwatch.hpp"
#include "train/torch_compat.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

using Tensors = std::vector<torch::Tensor>;

constexpr double smallest_predicted_decrease =
    1e-5;                                           // of the loss; below it the difference of two losses is float noise
constexpr double smallest_aligned_decrease = 3e-5;  // likewise, where an update is compared with the next gradient
constexpr double first_loss_scale = 65536;          // PyTorch's GradScaler: start, growth and back-off
constexpr int steps_before_growth = 2000;
constexpr int steps_ahead_on_gpu = 8;
constexpr double replay_tolerance = 0.01;  // relative, of a replayed loss: kernels may differ, the work may not

// The sum over all values of all tensors, in double where it adds up tensors. Few large launches on a GPU, no copies on
// the CPU.
torch::Tensor sum_of(const Tensors& tensors) {
  Tensors parts;
  parts.reserve(tensors.size());
  if (tensors.front().device().is_cpu()) {
    for (const auto& tensor : tensors) parts.push_back(tensor.sum());
    return torch::stack(parts).sum(torch::kDouble);
  }
  for (const auto& tensor : tensors) parts.push_back(tensor.reshape({-1}));
  return torch::cat(parts).sum(torch::kDouble);
}

torch::Tensor dot(const Tensors& a, const Tensors& b) { return sum_of(at::_foreach_mul(a, b)); }

// Where the random numbers of `device` stood: rewinding lets dropout draw the same masks again.
class RandomState {
 public:
  explicit RandomState(const torch::Device& device)
      : generator_(at::globalContext().defaultGenerator(device)), state_(generator_.get_state()) {}
  void rewind() { generator_.set_state(state_); }

 private:
  at::Generator generator_;
  torch::Tensor state_;
};

}  // namespace

Trainer::Trainer(model::Network& network, Recipe recipe, const Normalisation& normalisation,
                 const torch::Device& device, torch::MemoryFormat format)
    : network_(network),
      recipe_(std::move(recipe)),
      device_(device),
      normalise_(normalisation, device, format),
      staging_(device),
      buffers_((check_precision(recipe_.precision, device), model::move_to(network, device, format), network.buffers())),
      none_(torch::full({}, Measurement::none, torch::TensorOptions(torch::kDouble).device(device))) {
  auto groups = group_parameters(network_.parameters(), recipe_);
  trained_ = std::move(groups.trained);
  lr_factors_ = std::move(groups.factors);
  for (const auto& parameter : network_.parameters()) initial_parameters_.push_back(parameter.tensor.detach().clone());
  initial_buffers_ = buffers_.copy();
  if (!recipe_.class_weights.empty()) {
    class_weights_ = torch::tensor(recipe_.class_weights, torch::kFloat).to(device_);
  }
}

std::vector<std::string> Trainer::start(std::uint64_t seed, bool fresh_weights) {
  const torch::NoGradGuard no_grad;
  const auto parameters = network_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].tensor.copy_(initial_parameters_[i]);
  buffers_.restore(initial_buffers_);
  std::vector<std::string> left;
  if (fresh_weights) left = network_.initialise(seed);
  torch::manual_seed(seed);
  network_.train(true);
  pending_.clear();
  change_.clear();
  last_predicted_ = 0;
  optimizer_ = make_optimizer(recipe_.optimizer, trained_tensors());
  loss_scale_ = recipe_.precision == Precision::fp16 ? first_loss_scale : 1;
  steps_since_overflow_ = 0;
  times_ = {};
  return left;
}

void Trainer::set_probe(const ImageBatch& batch) {
  probe_ = {};
  if (batch.pixels.defined())
    probe_ = {normalise_(batch.pixels.to(device_)), batch.labels.to(device_, torch::kLong, false, true)};
}

torch::Tensor Trainer::loss_of(const Input& input) {
  torch::Tensor logits;
  if (recipe_.precision == Precision::bf16 || recipe_.precision == Precision::fp16) {
    const Autocast autocast(device_, recipe_.precision == Precision::bf16 ? torch::kBFloat16 : torch::kHalf);
    logits = network_.forward(input.images);
  } else {
    logits = network_.forward(input.images);
  }
  return at::cross_entropy_loss(logits.to(torch::kFloat), input.labels, class_weights_, at::Reduction::Mean, -100,
                                recipe_.label_smoothing);
}

torch::Tensor Trainer::loss_of(const std::vector<Input>& inputs) {
  torch::Tensor loss;
  for (const auto& input : inputs) {
    const auto part = loss_of(input).to(torch::kDouble);
    loss = loss.defined() ? loss + part : part;
  }
  return loss / static_cast<double>(inputs.size());
}

Trainer::Gradients Trainer::differentiate(const std::vector<ImageBatch>& batches) {
  Gradients gradients;
  const auto parameters = trained_tensors();
  const double part = 1 / static_cast<double>(batches.size());
  for (const auto& batch : batches) {
    gradients.inputs.push_back({normalise_(batch.pixels), batch.labels});
    const auto loss = loss_of(gradients.inputs.back());
    const double scale = part * loss_scale_;
    // A parameter that this batch's graph does not reach has no gradient; zero moves it by weight decay and momentum
    // only.
    auto values = torch::autograd::grad({scale == 1 ? loss : loss * scale}, parameters, {}, false, false, true);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].defined()) values[i] = torch::zeros_like(parameters[i]);
    }
    const torch::NoGradGuard no_grad;
    const auto loss_part = loss.detach().to(torch::kDouble) * part;
    gradients.loss = gradients.loss.defined() ? gradients.loss + loss_part : loss_part;
    if (gradients.values.empty()) {
      gradients.values = std::move(values);
    } else {
      at::_foreach_add_(gradients.values, values);
    }
  }
  if (loss_scale_ != 1) {
    const torch::NoGradGuard no_grad;
    at::_foreach_mul_(gradients.values, 1 / loss_scale_);
  }
  return gradients;
}

// fp16's loss scale changes from step to step, which a recording would not notice.
bool Trainer::replays() const { return device_.is_cuda() && recipe_.precision != Precision::fp16; }

// Records forward and backward pass, and believes the recording only where it gives the loss of the plain pass.
void Trainer::record(const std::vector<ImageBatch>& batches) {
  replay_.reset();
  recorded_ = {};
  recorded_moves_ = staging_.moves();
  const auto before = buffers_.copy();
  RandomState random(device_);
  const double expected = differentiate(batches).loss.item<double>();
  replay_ = Replay::record([&] { recorded_ = differentiate(batches); }, device_, replay_obstacle_);
  if (replay_) {
    replay_->run();
    const double loss = recorded_.loss.item<double>();
    if (!(std::abs(loss - expected) <= replay_tolerance * std::abs(expected))) {
      replay_.reset();
      replay_obstacle_ = "its recording gave another loss than the plain pass";
    }
  }
  if (!replay_) recorded_ = {};
  random.rewind();
  buffers_.restore(before);
}

const Trainer::Gradients& Trainer::replayed(const std::vector<ImageBatch>& batches) {
  if (replay_obstacle_.empty() && (!replay_ || recorded_moves_ != staging_.moves())) record(batches);
  if (replay_) {
    replay_->run();
  } else {
    recorded_ = differentiate(batches);
  }
  return recorded_;
}

// Gradients clipped to recipe.grad_clip as torch.nn.utils.clip_grad_norm_ does it, without waiting for the norm.
Tensors Trainer::clipped(const Tensors& gradients) const {
  if (recipe_.grad_clip <= 0) return gradients;
  const auto factor = (recipe_.grad_clip / (dot(gradients, gradients).sqrt() + 1e-6)).clamp_max(1).to(torch::kFloat);
  Tensors result;
  result.reserve(gradients.size());
  for (const auto& gradient : gradients) result.push_back(gradient * factor);
  return result;
}

// Whether fp16 gradients overflowed; the loss scale follows, as PyTorch's GradScaler does it.
bool Trainer::overflowed(const Tensors& gradients) {
  if (recipe_.precision != Precision::fp16) return false;
  const bool overflow = !std::isfinite(sum_of(gradients).item<double>());
  steps_since_overflow_ = overflow ? 0 : steps_since_overflow_ + 1;
  if (overflow) loss_scale_ /= 2;
  if (steps_since_overflow_ == steps_before_growth) {
    loss_scale_ *= 2;
    steps_since_overflow_ = 0;
  }
  return overflow;
}

// Updates the parameters and keeps what they changed by.
void Trainer::descend(const Tensors& gradients, double lr) {
  Tensors parameters = trained_tensors();
  Tensors norms;
  if (records_update_ratios_) {
    for (const auto& parameter : parameters) norms.push_back(parameter.norm());
  }
  std::vector<at::Scalar> rates;
  rates.reserve(lr_factors_.size());
  for (const double factor : lr_factors_) rates.emplace_back(-lr * factor);
  change_ = at::_foreach_mul(optimizer_->direction(clipped(gradients)), rates);
  at::_foreach_add_(parameters, change_);
  if (!records_update_ratios_) return;
  Tensors ratios;
  for (std::size_t i = 0; i < change_.size(); ++i) ratios.push_back(change_[i].norm() / norms[i]);
  const auto all = torch::stack(ratios).to(torch::kCPU, torch::kDouble);
  update_ratios_.assign(all.data_ptr<double>(), all.data_ptr<double>() + all.numel());
}

// Sends a step's numbers on their way to the caller.
void Trainer::finish(Tensors numbers) {
  for (auto& number : numbers) {
    if (!number.defined()) number = none_;
  }
  auto on_device = torch::stack(numbers);
  if (!device_.is_cpu()) {
    auto host = torch::empty(on_device.sizes(), torch::TensorOptions(torch::kDouble).pinned_memory(true));
    host.copy_(on_device, true);
    on_device = host;
  }
  pending_.push_back({on_device, DeviceMark(device_)});
}

void Trainer::submit(const std::vector<ImageBatch>& host_batches, double lr, bool measure_gain) {
  std::optional<RandomState> random_before;
  if (measure_gain) random_before.emplace(device_);
  Gradients gradients;
  {
    const Stopwatch watch(times_.forward_backward_s);
    const bool ready = device_.is_cpu() && host_batches.front().changes.empty();
    const auto& batches = ready ? host_batches : staging_.bring(host_batches);
    gradients = replays() ? replayed(batches) : differentiate(batches);
  }
  const torch::NoGradGuard no_grad;
  torch::Tensor aligned, predicted, loss_after, probe_loss;
  {
    const Stopwatch watch(times_.optimizer_s);
    if (overflowed(gradients.values)) {
      change_.clear();
      return finish({gradients.loss, predicted, aligned, loss_after, probe_loss});
    }
    if (!change_.empty()) aligned = dot(gradients.values, change_);
    descend(gradients.values, lr);
    predicted = dot(gradients.values, change_);
  }
  // Where the numbers are at hand, a gain ratio that would be discarded is not measured at all.
  if (measure_gain && device_.is_cpu()) {
    measure_gain =
        std::abs(predicted.item<double>()) >= smallest_predicted_decrease * std::abs(gradients.loss.item<double>());
  }
  const bool look = measure_gain || probe_.images.defined();
  const auto buffers = look ? buffers_.copy() : Tensors{};
  if (measure_gain) {
    const Stopwatch watch(times_.gain_s);
    random_before->rewind();
    loss_after = loss_of(gradients.inputs);
    buffers_.restore(buffers);
  }
  if (probe_.images.defined()) {
    const Stopwatch watch(times_.probe_s);
    RandomState random(device_);
    probe_loss = loss_of(probe_).to(torch::kDouble);
    random.rewind();
    buffers_.restore(buffers);
  }
  finish({gradients.loss, predicted, aligned, loss_after, probe_loss});
}

Measurement Trainer::collect() {
  const Stopwatch watch(times_.wait_s);
  const Pending step = std::move(pending_.front());
  pending_.pop_front();
  step.done.wait();
  const double* numbers = step.numbers.data_ptr<double>();
  Measurement measured;
  measured.loss = numbers[0];
  const double predicted = -numbers[1];
  const double aligned = -numbers[2] / std::abs(last_predicted_);
  if (std::isfinite(aligned) && std::abs(last_predicted_) > smallest_aligned_decrease * std::abs(last_loss_)) {
    measured.alignment_of_previous = aligned;
  }
  if (std::abs(predicted) >= smallest_predicted_decrease * std::abs(measured.loss)) {
    measured.gain_ratio = (measured.loss - numbers[3]) / predicted;
  }
  measured.probe_loss = numbers[4];
  last_loss_ = measured.loss;
  last_predicted_ = predicted;
  return measured;
}

int Trainer::ahead() const {
  const bool waits = recipe_.precision == Precision::fp16 || records_update_ratios_;
  return device_.is_cpu() || waits ? 0 : steps_ahead_on_gpu;
}

Measurement Trainer::step(const std::vector<ImageBatch>& batches, double lr, bool measure_gain) {
  submit(batches, lr, measure_gain);
  return collect();
}

Evaluation Trainer::evaluate(const std::vector<ImageBatch>& batches) {
  const torch::NoGradGuard no_grad;
  network_.train(false);
  auto sums = torch::zeros({2}, torch::TensorOptions(torch::kDouble).device(device_));
  double images = 0;
  for (const auto& batch : batches) {
    const auto logits = network_.forward(normalise_(batch.pixels.to(device_, true))).to(torch::kFloat);
    const auto labels = batch.labels.to(device_, true);
    const auto loss = at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
    sums += torch::stack({loss.to(torch::kDouble), logits.argmax(1).eq(labels).sum().to(torch::kDouble)});
    images += static_cast<double>(batch.labels.size(0));
  }
  network_.train(true);
  const auto read = sums.to(torch::kCPU);
  return {read[0].item<double>() / images, read[1].item<double>() / images};
}

Tensors Trainer::trained_tensors() const {
  Tensors tensors;
  tensors.reserve(trained_.size());
  for (const auto& parameter : trained_) tensors.push_back(parameter.tensor);
  return tensors;
}

}  // namespace lrfind::train
