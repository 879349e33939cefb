#include "train/objective.hpp"

#include "platform/torch_compat.hpp"

namespace lrfind::train {

using torch::Tensor;

Objective::Objective(model::Network& network, const Recipe& recipe, const torch::Device& device)
    : network_(network), precision_(recipe.precision), label_smoothing_(recipe.label_smoothing), device_(device) {
  if (!recipe.class_weights.empty()) class_weights_ = torch::tensor(recipe.class_weights, torch::kFloat).to(device);
}

Tensor Objective::logits(const Tensor& images) const {
  if (precision_ != Precision::bf16 && precision_ != Precision::fp16) return network_.forward(images);
  const Autocast autocast(device_, precision_ == Precision::bf16 ? torch::kBFloat16 : torch::kHalf);
  return network_.forward(images);
}

Tensor Objective::loss(const NetworkInput& input) const {
  return at::cross_entropy_loss(logits(input.images).to(torch::kFloat), input.labels, class_weights_,
                                at::Reduction::Mean, -100, label_smoothing_);
}

double Objective::weight_of(const Tensor& labels) const {
  if (!weighs_classes()) return static_cast<double>(labels.size(0));
  return class_weights_.index_select(0, labels.to(device_, torch::kLong)).sum().to(torch::kDouble).item<double>();
}

Tensor Objective::sums_over(const std::vector<ByteTensors>& batches, const Normaliser& normalise) const {
  const torch::NoGradGuard no_grad;
  network_.train(false);
  auto sums = torch::zeros({3}, torch::TensorOptions(torch::kDouble).device(device_));
  for (const auto& batch : batches) {
    const auto outputs = network_.forward(normalise(batch.pixels.to(device_, true))).to(torch::kFloat);
    const auto labels = batch.labels.to(device_, true);
    const auto loss = at::cross_entropy_loss(outputs, labels, {}, at::Reduction::Sum);
    const auto images = torch::full({}, static_cast<double>(labels.size(0)), sums.options());
    sums += torch::stack({loss.to(torch::kDouble), outputs.argmax(1).eq(labels).sum().to(torch::kDouble), images});
  }
  network_.train(true);
  return sums.to(torch::kCPU);
}

Evaluation mean_of(const Tensor& sums) {
  const double images = sums[2].item<double>();
  return {sums[0].item<double>() / images, sums[1].item<double>() / images};
}

Evaluation Objective::evaluate(const std::vector<ByteTensors>& batches, const Normaliser& normalise) const {
  return mean_of(sums_over(batches, normalise));
}

}  // namespace lrfind::train
