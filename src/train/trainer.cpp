#include "train/trainer.hpp"

#include "train/parameter_groups.hpp"
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

Tensors copies(const Tensors& tensors) {
  Tensors result;
  result.reserve(tensors.size());
  for (const auto& tensor : tensors) result.push_back(tensor.detach().clone());
  return result;
}

// One number from many tensors with one read from the device.
double sum_of(const Tensors& parts) {
  if (parts.empty()) return 0;
  return torch::stack(parts).to(torch::kDouble).sum().item<double>();
}

double dot(const Tensors& a, const Tensors& b) {
  Tensors parts;
  for (std::size_t i = 0; i < a.size(); ++i) parts.push_back((a[i] * b[i]).sum());
  return sum_of(parts);
}

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

Trainer::Trainer(model::Network& network, Recipe recipe, Normalisation normalisation, const torch::Device& device)
    : network_(network), recipe_(std::move(recipe)), normalisation_(std::move(normalisation)), device_(device) {
  check_precision(recipe_.precision, device_);
  model::move_to(network_, device_);
  auto groups = group_parameters(network_.parameters(), recipe_);
  trained_ = std::move(groups.trained);
  lr_factors_ = std::move(groups.factors);
  for (const auto& buffer : network_.buffers()) buffers_.push_back(buffer.tensor);
  for (const auto& parameter : network_.parameters()) initial_parameters_.push_back(parameter.tensor.detach().clone());
  initial_buffers_ = copies(buffers_);
  if (!recipe_.class_weights.empty()) {
    class_weights_ = torch::tensor(recipe_.class_weights, torch::kFloat).to(device_);
  }
}

std::vector<std::string> Trainer::start(std::uint64_t seed, bool fresh_weights) {
  const torch::NoGradGuard no_grad;
  const auto parameters = network_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].tensor.copy_(initial_parameters_[i]);
  restore_buffers(initial_buffers_);
  std::vector<std::string> left;
  if (fresh_weights) left = network_.initialise(seed);
  torch::manual_seed(seed);
  network_.train(true);
  change_.clear();
  optimizer_ = make_optimizer(recipe_.optimizer, trained_tensors(), lr_factors_);
  loss_scale_ = recipe_.precision == Precision::fp16 ? first_loss_scale : 1;
  steps_since_overflow_ = 0;
  return left;
}

torch::Tensor Trainer::loss_of(const ImageBatch& batch) {
  const auto images = normalise(batch.pixels.to(device_, true), normalisation_);
  torch::Tensor logits;
  if (recipe_.precision == Precision::fp32) {
    logits = network_.forward(images);
  } else {
    const Autocast autocast(device_, recipe_.precision == Precision::bf16 ? torch::kBFloat16 : torch::kHalf);
    logits = network_.forward(images);
  }
  return at::cross_entropy_loss(logits.to(torch::kFloat), batch.labels.to(device_, true), class_weights_,
                                at::Reduction::Mean, -100, recipe_.label_smoothing);
}

Trainer::Gradients Trainer::differentiate(const std::vector<ImageBatch>& batches) {
  Gradients gradients;
  const auto parameters = trained_tensors();
  for (const auto& batch : batches) {
    const auto loss = loss_of(batch);
    const double part = 1 / static_cast<double>(batches.size());
    const double scale = part * loss_scale_;
    // A parameter that this batch's graph does not reach has no gradient; zero moves it by weight decay and momentum
    // only.
    auto values = torch::autograd::grad({scale == 1 ? loss : loss * scale}, parameters, {}, false, false, true);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!values[i].defined()) values[i] = torch::zeros_like(parameters[i]);
    }
    gradients.loss += loss.item<double>() * part;
    const torch::NoGradGuard no_grad;
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

double Trainer::loss_again(const std::vector<ImageBatch>& batches) {
  const torch::NoGradGuard no_grad;
  double loss = 0;
  for (const auto& batch : batches) loss += loss_of(batch).item<double>();
  return loss / static_cast<double>(batches.size());
}

void Trainer::clip(Tensors& gradients) const {
  if (recipe_.grad_clip <= 0) return;
  Tensors squares;
  for (const auto& gradient : gradients) squares.push_back(gradient.square().sum());
  const double norm = std::sqrt(sum_of(squares));
  const double factor = recipe_.grad_clip / (norm + 1e-6);  // as torch.nn.utils.clip_grad_norm_
  if (factor < 1) at::_foreach_mul_(gradients, factor);
}

double Trainer::alignment_of_previous(const Tensors& gradients) const {
  if (change_.empty() || !(predicted_decrease_ != 0) ||
      !(std::abs(predicted_decrease_) > smallest_aligned_decrease * std::abs(last_loss_))) {
    return Measurement::none;
  }
  const double alignment = -dot(gradients, change_) / std::abs(predicted_decrease_);
  return std::isfinite(alignment) ? alignment : Measurement::none;
}

// Whether fp16 gradients overflowed; the loss scale follows, as PyTorch's GradScaler does it.
bool Trainer::overflowed(const Tensors& gradients) {
  if (recipe_.precision != Precision::fp16) return false;
  Tensors sums;
  for (const auto& gradient : gradients) sums.push_back(gradient.sum());
  const bool overflow = !std::isfinite(sum_of(sums));
  steps_since_overflow_ = overflow ? 0 : steps_since_overflow_ + 1;
  if (overflow) loss_scale_ /= 2;
  if (steps_since_overflow_ == steps_before_growth) {
    loss_scale_ *= 2;
    steps_since_overflow_ = 0;
  }
  return overflow;
}

Measurement Trainer::step(const std::vector<ImageBatch>& batches, double lr, bool measure_gain) {
  Measurement measured;
  std::optional<RandomState> random_before;
  if (measure_gain) random_before.emplace(device_);
  auto [loss, gradients] = differentiate(batches);
  measured.loss = loss;

  const torch::NoGradGuard no_grad;
  if (overflowed(gradients)) {
    change_.clear();
    return measured;
  }
  measured.alignment_of_previous = alignment_of_previous(gradients);
  const Tensors parameters = trained_tensors();
  if (change_.empty()) change_ = copies(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) change_[i].copy_(parameters[i]);
  Tensors norms;
  if (records_update_ratios_) {
    for (const auto& before : change_) norms.push_back(before.norm());
  }
  const Tensors raw_gradients = copies(gradients);  // clipping and weight decay change the others in place
  clip(gradients);
  optimizer_->step(gradients, lr);
  at::_foreach_mul_(change_, -1);
  at::_foreach_add_(change_, parameters);
  predicted_decrease_ = -dot(raw_gradients, change_);
  last_loss_ = loss;

  if (records_update_ratios_) {
    Tensors ratios;
    for (std::size_t i = 0; i < change_.size(); ++i) ratios.push_back(change_[i].norm() / norms[i]);
    const auto all = torch::stack(ratios).to(torch::kCPU, torch::kDouble);
    update_ratios_.assign(all.data_ptr<double>(), all.data_ptr<double>() + all.numel());
  }
  if (measure_gain && std::abs(predicted_decrease_) >= smallest_predicted_decrease * std::abs(loss)) {
    const auto buffers = copy_buffers();
    random_before->rewind();
    measured.gain_ratio = (loss - loss_again(batches)) / predicted_decrease_;
    restore_buffers(buffers);
  }
  return measured;
}

double Trainer::probe(const ImageBatch& batch) {
  const torch::NoGradGuard no_grad;
  const auto buffers = copy_buffers();
  RandomState random(device_);
  const double loss = loss_of(batch).item<double>();
  random.rewind();
  restore_buffers(buffers);
  return loss;
}

Evaluation Trainer::evaluate(const std::vector<ImageBatch>& batches) {
  const torch::NoGradGuard no_grad;
  network_.train(false);
  double loss = 0;
  double right = 0;
  double images = 0;
  for (const auto& batch : batches) {
    const auto logits = network_.forward(normalise(batch.pixels.to(device_, true), normalisation_)).to(torch::kFloat);
    const auto labels = batch.labels.to(device_, true);
    loss += at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum).item<double>();
    right += logits.argmax(1).eq(labels).sum().item<double>();
    images += static_cast<double>(batch.labels.size(0));
  }
  network_.train(true);
  return {loss / images, right / images};
}

Tensors Trainer::trained_tensors() const {
  Tensors tensors;
  tensors.reserve(trained_.size());
  for (const auto& parameter : trained_) tensors.push_back(parameter.tensor);
  return tensors;
}

Tensors Trainer::copy_buffers() const { return copies(buffers_); }

void Trainer::restore_buffers(const Tensors& saved) {
  for (std::size_t i = 0; i < saved.size(); ++i) buffers_[i].copy_(saved[i]);
}

}  // namespace lrfind::train
