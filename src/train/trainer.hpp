// One training run: a network, a recipe and the steps it takes.
#pragma once

#include "model/network.hpp"
#include "train/engine.hpp"
#include "train/normalise.hpp"
#include "train/optimizer.hpp"
#include "train/recipe.hpp"

#include <lrfind/range_test.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::train {

/// Owns the optimizer and all state between steps; uses the network, which must outlive it and is trained by nobody
/// else. Not thread-safe.
class Trainer {
 public:
  /// Moves the network to `device`. Throws RecipeError when the recipe does not fit the network or the device.
  Trainer(model::Network& network, Recipe recipe, Normalisation normalisation, const torch::Device& device);

  /// Begins a training run: the weights are drawn from `seed` (fresh) or are those the network came with, the optimizer
  /// is new, and random numbers such as dropout's follow from `seed`. Returns the parameters that stay as they were
  /// because no standard layer owns them.
  std::vector<std::string> start(std::uint64_t seed, bool fresh_weights);

  /// One update at rate `lr` from recipe.accumulate batches. Returns the loss before the update and, when asked, the
  /// gain ratio: (loss before - loss after) / (-gradient . change of the parameters) on the same batches, in the same
  /// mode (Nocedal and Wright, Numerical Optimization, chapter 4: actual over predicted reduction). It is not measured
  /// where the predicted decrease is below 1e-5 of the loss, which is float noise.
  Measurement step(const std::vector<ImageBatch>& batches, double lr, bool measure_gain);

  /// Mean loss of a fixed batch with the weights as they are: normalisation layers use the batch's own statistics, and
  /// neither they nor the optimizer nor the random numbers notice.
  double probe(const ImageBatch& batch);

  /// Loss and accuracy in evaluation mode, over all batches.
  Evaluation evaluate(const std::vector<ImageBatch>& batches);

  /// From now on every step records, per trained tensor, the norm of its update over the norm of its weights before.
  void record_update_ratios(bool on) { records_update_ratios_ = on; }
  /// The last step's ratios, in the order of trained().
  const std::vector<double>& update_ratios() const { return update_ratios_; }

  /// Parameters that are trained: all but the frozen ones.
  const std::vector<model::NamedTensor>& trained() const { return trained_; }

 private:
  struct Gradients {
    double loss = 0;
    std::vector<torch::Tensor> values;  // one per trained parameter
  };

  torch::Tensor loss_of(const ImageBatch& batch);
  bool overflowed(const std::vector<torch::Tensor>& gradients);
  double alignment_of_previous(const std::vector<torch::Tensor>& gradients) const;
  Gradients differentiate(const std::vector<ImageBatch>& batches);
  double loss_again(const std::vector<ImageBatch>& batches);
  void clip(std::vector<torch::Tensor>& gradients) const;
  std::vector<torch::Tensor> trained_tensors() const;
  std::vector<torch::Tensor> copy_buffers() const;
  void restore_buffers(const std::vector<torch::Tensor>& saved);

  model::Network& network_;
  Recipe recipe_;
  Normalisation normalisation_;
  torch::Device device_;
  std::vector<model::NamedTensor> trained_;
  std::vector<double> lr_factors_;
  std::vector<torch::Tensor> buffers_;
  std::vector<torch::Tensor> initial_parameters_, initial_buffers_;
  torch::Tensor class_weights_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<torch::Tensor> change_;  // of the trained parameters by the last step; empty before the first
  double predicted_decrease_ = 0;      // of the last batch's loss by that change
  double last_loss_ = 0;
  double loss_scale_ = 1;
  int steps_since_overflow_ = 0;
  bool records_update_ratios_ = false;
  std::vector<double> update_ratios_;
};

}  // namespace lrfind::train
