// One training run: a network, a recipe and the steps it takes.
#pragma once

#include <lrfind/error.hpp>
#include "model/network.hpp"
#include "train/cuda/captured_step.hpp"
#include "train/cuda/device_batches.hpp"
#include "train/cuda/device_mark.hpp"
#include "train/engine.hpp"
#include "train/flat_parameters.hpp"
#include "train/loss_scale.hpp"
#include "train/normalise.hpp"
#include "train/objective.hpp"
#include "train/optimizer.hpp"
#include "train/parameter_groups.hpp"
#include "train/recipe.hpp"
#include "train/snapshot.hpp"

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
/// On a GPU a step waits for nothing: batches travel through Staging, forward pass, backward pass and update are
/// replayed from a CUDA graph where they can be recorded, as is every measurement, and what was measured is read when
/// collect() asks for it. Whatever changes from step to step, the rate too, therefore lies in tensors that stay in
/// place.
class Trainer {
 public:
  /// Moves the network to `device`, which can compute in the recipe's precision (check_precision) and where weights and
  /// images lie in `format`. Throws Error (usage) when the recipe does not fit the network. recorder: of what is
  /// replayed (recorder_for).
  Trainer(model::Network& network, Recipe recipe, const Normalisation& normalisation, const torch::Device& device,
          torch::MemoryFormat format = torch::MemoryFormat::ChannelsLast, const Recorder& recorder = {});
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Replay::record on a GPU; nothing on the CPU, which gains nothing by it.
  static Recorder recorder_for(const torch::Device& device);

  /// Begins a training run: the weights are drawn from `seed` (fresh) or are those the network came with, the optimizer
  /// is new, and random numbers such as dropout's follow from `seed`. Steps not collected are forgotten. Returns the
  /// parameters that stay as they were because no standard layer owns them.
  std::vector<std::string> start(std::uint64_t seed, bool fresh_weights);

  /// Every later step measures the mean loss of this batch after its update: normalisation layers use the batch's own
  /// statistics, and neither they nor the optimizer nor the random numbers notice. An undefined batch: none.
  void set_probe(const ImageBatch& batch);

  /// See Staging::keep.
  void keep_images(std::size_t images, std::size_t bytes) { staging_.keep(images, bytes); }

  /// Records what steps on such batches will replay, where that is possible, so that the first step is like all others.
  /// Leaves no trace. gain: whether gain ratios will be asked for.
  void prepare(const std::vector<ImageBatch>& batches, bool gain);

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
  Evaluation evaluate(const std::vector<ImageBatch>& batches) { return objective_.evaluate(batches, normalise_); }

  /// From now on every step records, per trained tensor, the norm of its update over the norm of its weights before.
  void record_update_ratios(bool on);
  /// Those of the step that was collected last, in the order of trained().
  const std::vector<double>& update_ratios() const { return update_ratios_; }

  /// Parameters that are trained: all but the frozen ones.
  const std::vector<model::NamedTensor>& trained() const { return groups_.trained; }

  const StepTimes& times() const { return times_; }
  /// Why steps are not replayed; empty while they are or nobody tried.
  const std::string& replay_obstacle() const { return learn_.obstacle(); }

 private:
  // Where a step's measurements lie in numbers_.
  enum Number { loss_at, predicted_at, aligned_at, loss_after_at, probe_loss_at, number_count };
  // A step whose measurements are on their way.
  struct Pending {
    torch::Tensor numbers, ratios;
    bool has_loss_after, has_probe_loss;
    DeviceMark done;
  };

  void differentiate();
  torch::Tensor clipped(const torch::Tensor& gradient) const;
  void update();
  torch::Tensor norms_of(const torch::Tensor& joined) const;
  template <typename Loss>
  void measure(Number which, const Loss& loss);
  void measure_loss_after();
  void measure_probe_loss();

  torch::Tensor number(Number which) const { return numbers_.select(0, which); }
  std::vector<torch::Tensor> state() const;
  void bring(const std::vector<ImageBatch>& batches);
  void forget_step();
  void finish(bool has_loss_after, bool has_probe_loss);

  model::Network& network_;
  Recipe recipe_;
  torch::Device device_;
  Normaliser normalise_;
  Objective objective_;
  LossScale loss_scale_;
  Staging staging_;
  bool replays_;
  ParameterGroups groups_;
  Joined parameters_;                   // that are trained
  std::vector<torch::Tensor> buffers_;  // joined
  std::optional<Snapshot> initial_;     // the whole network, as it came
  std::unique_ptr<Optimizer> optimizer_;
  torch::Tensor rate_factors_;  // one per parameter value; undefined: all are 1

  const std::vector<ImageBatch>* batches_ = nullptr;  // of the step that is being taken
  std::vector<Input> inputs_;                         // what the network was given of them
  torch::Tensor minus_rate_;                          // without dimensions
  torch::Tensor gradient_;                            // of all parameters
  torch::Tensor change_;                              // of all parameters by the last step; zero before the first
  torch::Tensor numbers_;                             // double [number_count]
  torch::Tensor ratios_;                              // double [trained], while update ratios are recorded
  Input probe_;
  Repeated learn_, gain_, look_;
  int staged_moves_ = 0;

  std::deque<Pending> pending_;
  double last_loss_ = 0, last_predicted_ = 0;  // decrease, of the last step that was collected
  std::vector<double> update_ratios_;
  StepTimes times_;
};

}  // namespace lrfind::train
