// What is minimised, and how well it is.
#pragma once

#include "model/network.hpp"
#include "train/engine.hpp"
#include "train/normalise.hpp"
#include "train/recipe.hpp"

#include <torch/torch.h>

#include <vector>

namespace lrfind::train {

/// Images as a network takes them, float NCHW, and int64 labels, on its device.
struct NetworkInput {
  torch::Tensor images, labels;
};

/// Of sums_over: their means.
Evaluation mean_of(const torch::Tensor& sums);

/// The loss of a network under a recipe. Uses the network, which must outlive it.
class Objective {
 public:
  Objective(model::Network& network, const Recipe& recipe, const torch::Device& device);

  /// Mean cross-entropy with the recipe's precision, label smoothing and class weights; a float without dimensions.
  torch::Tensor loss(const NetworkInput& input) const;

  /// What the images with these labels count in a mean loss: 1 each, or their classes' weights.
  double weight_of(const torch::Tensor& labels) const;
  bool weighs_classes() const { return class_weights_.defined(); }

  /// Loss and accuracy in evaluation mode over all images of `batches`, in float32; the network is left in training
  /// mode.
  Evaluation evaluate(const std::vector<ByteTensors>& batches, const Normaliser& normalise) const;
  /// The sums behind it, double [3]: losses, right answers, images.
  torch::Tensor sums_over(const std::vector<ByteTensors>& batches, const Normaliser& normalise) const;

 private:
  torch::Tensor logits(const torch::Tensor& images) const;

  model::Network& network_;
  Precision precision_;
  double label_smoothing_;
  torch::Device device_;
  torch::Tensor class_weights_;
};

}  // namespace lrfind::train
