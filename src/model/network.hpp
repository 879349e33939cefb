// A classifier that can be trained: images in, logits out. Built-in networks and those from files look the same here.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lrfind::model {

struct NamedTensor {
  std::string name;  ///< dotted path, e.g. "features.0.weight"
  torch::Tensor tensor;
};

/// Owns its tensors. Not thread-safe: one thread trains it.
class Network {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  /// images: float [N, channels, height, width], normalised. Returns logits [N, classes].
  virtual torch::Tensor forward(const torch::Tensor& images) = 0;

  /// Trainable tensors in registration order; the tensors stay the same objects over the network's life.
  virtual std::vector<NamedTensor> parameters() const = 0;
  /// State that is not trained, such as running means of batch normalisation.
  virtual std::vector<NamedTensor> buffers() const = 0;

  virtual void train(bool on) = 0;

  /// Gives every standard layer fresh weights drawn as PyTorch draws them, from `seed` alone. Returns the names of
  /// parameters that belong to no standard layer and were therefore left as they are.
  virtual std::vector<std::string> initialise(std::uint64_t seed) = 0;
};

/// One pass in evaluation mode and without gradients that leaves no trace: training mode and buffers are as before.
/// (A module that was traced in training mode updates its running statistics in either mode.)
torch::Tensor forward_once(Network& network, const torch::Tensor& images);

/// Number of trainable values.
std::int64_t count_parameters(const Network& network);

/// Moves every tensor to `device`; 4-dimensional weights lie in `format` there.
void move_to(Network& network, const torch::Device& device, torch::MemoryFormat format);

/// Multiply-adds of one forward pass for one image, counted over convolutions and matrix products.
/// image: float [1, channels, height, width].
std::int64_t count_multiply_adds(Network& network, const torch::Tensor& image);

}  // namespace lrfind::model
