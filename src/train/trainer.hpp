// One training run: a network, a recipe and the steps it takes.
#pragma once

#include "model/network.hpp"
#include "train/buffers.hpp"
#include "train/device_mark.hpp"
#include "train/engine.hpp"
#include "train/normalise.hpp"
#include "train/optimizer.hpp"
#include "train/recipe.hpp"
#include "train/replay.hpp"
#include "train/staging.hpp"

#include <lrfind/range_test.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::train {

/// Owns the optimizer and all state between steps; uses the network, which must outlive it and is trained by nobody
/// else. Not thread-safe.
///
/// On a GPU a step waits for nothing: batches travel through Staging, forward and backward pass are replayed from a
/// CUDA graph where they can be recorded, and what was measured is read when collect() asks for it.
class Trainer {
 public:
  /// Moves the network to `device`, where weights and images lie in `format`. Throws RecipeError when the recipe does
  /// not fit the network or the device.
  Trainer(model::Network& network, Recipe recipe, const Normalisation& normalisation, const torch::Device& device,
          torch::MemoryFormat format = torch::MemoryFormat::ChannelsLast);

  /// Begins a training run: the weights are drawn from `seed` (fresh) or are those the network came with, the optimizer
  /// is new, and random numbers such as dropout's follow from `seed`. Steps not collected are forgotten. Returns the
  /// parameters that stay as they were because no standard layer owns them.
  std::vector<std::string> start(std::uint64_t seed, bool fresh_weights);

  /// Every later step measures the mean loss of this batch after its update: normalisation layers use the batch's own
  /// statistics, and neither they nor the optimizer nor the random numbers notice. An undefined batch: none.
  void set_probe(const ImageBatch& batch);

  /// See Staging::keep.
  void keep_images(std::size_t images, std::size_t bytes) { staging_.keep(images, bytes); }

  /// One update at rate `lr` from recipe.accumulate batches. Measures the loss before the update and, when asked, the
  /// gain ratio: (loss before - loss after) / (-gradient . change of the parameters) on the same batches, in the same
  /// mode (Nocedal and Wright, Numerical Optimization, chapter 4: actual over predicted reduction). It is not measured
  /// where the predicted decrease is below 1e-5 of the loss, which is float noise.
  void submit(const std::vector<ImageBatch>& batches, double lr, bool measure_gain);
  /// See Engine.
  Measurement collect();
  int ahead() const;
  Measurement step(const std::vector<ImageBatch>& batches, double lr, bool measure_gain);

  /// Loss and accuracy in evaluation mode, over all batches.
  Evaluation evaluate(const std::vector<ImageBatch>& batches);

  /// From now on every step records, per trained tensor, the norm of its update over the norm of its weights before.
  void record_update_ratios(bool on) { records_update_ratios_ = on; }
  /// The last step's ratios, in the order of trained().
  const std::vector<double>& update_ratios() const { return update_ratios_; }

  /// Parameters that are trained: all but the frozen ones.
  const std::vector<model::NamedTensor>& trained() const { return trained_; }

  const StepTimes& times() const { return times_; }
  /// Why steps are not replayed; empty while they are or nobody tried.
  const std::string& replay_obstacle() const { return replay_obstacle_; }

 private:
  // On the device. Losses are double, without dimensions.
  struct Input {
    torch::Tensor images, labels;
  };
  struct Gradients {
    std::vector<Input> inputs;
    torch::Tensor loss;
    std::vector<torch::Tensor> values;  // one per trained parameter
  };
  // A step whose measurements are on their way: {loss, gradient . change, next gradient . change before, loss after,
  // probe loss}, NaN where not measured.
  struct Pending {
    torch::Tensor numbers;
    DeviceMark done;
  };

  torch::Tensor loss_of(const Input& input);
  torch::Tensor loss_of(const std::vector<Input>& inputs);
  Gradients differentiate(const std::vector<ImageBatch>& batches);
  const Gradients& replayed(const std::vector<ImageBatch>& batches);
  void record(const std::vector<ImageBatch>& batches);
  bool replays() const;
  bool overflowed(const std::vector<torch::Tensor>& gradients);
  std::vector<torch::Tensor> clipped(const std::vector<torch::Tensor>& gradients) const;
  void descend(const std::vector<torch::Tensor>& gradients, double lr);
  void finish(std::vector<torch::Tensor> numbers);
  std::vector<torch::Tensor> trained_tensors() const;

  model::Network& network_;
  Recipe recipe_;
  torch::Device device_;
  Normaliser normalise_;
  Staging staging_;
  std::vector<model::NamedTensor> trained_;
  std::vector<double> lr_factors_;
  std::vector<torch::Tensor> initial_parameters_, initial_buffers_;
  Buffers buffers_;
  torch::Tensor class_weights_, none_;
  Input probe_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<torch::Tensor> change_;  // of the trained parameters by the last step; empty before the first
  Gradients recorded_;                 // what replay_ writes to
  int recorded_moves_ = 0;             // Staging::moves() then
  std::unique_ptr<Replay> replay_;
  std::string replay_obstacle_;
  std::deque<Pending> pending_;
  double last_loss_ = 0, last_predicted_ = 0;  // decrease, of the last step that was collected
  double loss_scale_ = 1;
  int steps_since_overflow_ = 0;
  bool records_update_ratios_ = false;
  std::vector<double> update_ratios_;
  StepTimes times_;
};

}  // namespace lrfind::train
