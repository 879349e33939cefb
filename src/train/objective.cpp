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

Evaluation Objective::evaluate(const std::vector<ByteTensors>& batches, const Normaliser& normalise) const {
  const torch::NoGradGuard no_grad;
  network_.train(false);
  auto sums = torch::zeros({2}, torch::TensorOptions(torch::kDouble).device(device_));
  double images = 0;
  for (const auto& batch : batches) {
    const auto outputs = network_.forward(normalise(batch.pixels.to(device_, true))).to(torch::kFloat);
    const auto labels = batch.labels.to(device_, true);
    const auto loss = at::cross_entropy_loss(outputs, labels, {}, at::Reduction::Sum);
    sums += torch::stack({loss.to(torch::kDouble), outputs.argmax(1).eq(labels).sum().to(torch::kDouble)});
    images += static_cast<double>(batch.labels.size(0));
  }
  network_.train(true);
  const auto read = sums.to(torch::kCPU);
  return {read[0].item<double>() / images, read[1].item<double>() / images};
}

}  // namespace lrfind::train
