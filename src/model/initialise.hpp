// Fresh weights as PyTorch's standard layers draw them in reset_parameters().
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace lrfind::model {

/// A source of random numbers that depends on `seed` alone, not on LibTorch's global state.
at::Generator make_generator(std::uint64_t seed);

/// Convolution or linear layer: weight and bias uniform in +-1/sqrt(fan_in). That is kaiming_uniform_ with a = sqrt(5)
/// (He et al. 2015, as PyTorch uses it). `bias` may be undefined. weight: [out, in / groups, ...].
void initialise_affine(const torch::Tensor& weight, const torch::Tensor& bias, at::Generator& generator);

/// The bias alone of such a layer.
void initialise_affine_bias(const torch::Tensor& weight, const torch::Tensor& bias, at::Generator& generator);

/// Normalisation layer: scale 1, shift 0, running mean 0, running variance 1, batches seen 0. Undefined tensors are
/// passed over.
void initialise_norm(const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& running_mean,
                     const torch::Tensor& running_var, const torch::Tensor& batches);

}  // namespace lrfind::model
