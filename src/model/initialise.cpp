#include "model/initialise.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace lrfind::model {

namespace {

// Drawn on the CPU whatever the tensor's device and layout, so that CPU and CUDA start from the same weights.
void draw_uniform(const torch::Tensor& tensor, double bound, at::Generator& generator) {
  const torch::NoGradGuard no_grad;
  tensor.copy_(torch::empty(tensor.sizes()).uniform_(-bound, bound, generator));
}

double affine_bound(const torch::Tensor& weight) {
  const double fan_in = static_cast<double>(weight.numel()) / static_cast<double>(weight.size(0));
  return fan_in > 0 ? 1 / std::sqrt(fan_in) : 0;
}

}  // namespace

at::Generator make_generator(std::uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

void initialise_affine(const torch::Tensor& weight, const torch::Tensor& bias, at::Generator& generator) {
  draw_uniform(weight, affine_bound(weight), generator);
  if (bias.defined()) initialise_affine_bias(weight, bias, generator);
}

void initialise_affine_bias(const torch::Tensor& weight, const torch::Tensor& bias, at::Generator& generator) {
  draw_uniform(bias, affine_bound(weight), generator);
}

void initialise_norm(const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& running_mean,
                     const torch::Tensor& running_var, const torch::Tensor& batches) {
  const torch::NoGradGuard no_grad;
  if (weight.defined()) weight.fill_(1);
  if (bias.defined()) bias.zero_();
  if (running_mean.defined()) running_mean.zero_();
  if (running_var.defined()) running_var.fill_(1);
  if (batches.defined()) batches.zero_();
}

}  // namespace lrfind::model
