// One training run: steps one after the other, captured, fed and collected without waiting for the device.
#pragma once

#include "train/cuda/captured_step.hpp"
#include "train/cuda/device_batches.hpp"
#include "train/cuda/device_mark.hpp"
#include "train/engine.hpp"
#include "train/measured_step.hpp"
#include "train/snapshot.hpp"
#include "train/step.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace lrfind::train {

/// Takes steps (step.hpp); uses the network, which must outlive it and is trained by nobody else. Not thread-safe.
///
/// On a GPU a step waits for nothing: batches travel through DeviceBatches, forward pass, backward pass and update are
/// replayed from a CUDA graph where they can be captured, as is every measurement, and what was measured is read when
/// collect() asks for it.
class Trainer {
 public:
  /// Moves the network to `device`, which can compute in the recipe's precision (check_precision) and where weights and
  /// images lie in `format`. Throws Error (usage) when the recipe does not fit the network. capture: of what is
  /// replayed (capture_for). group: the ranks that train this network together, each giving its part of every batch.
  Trainer(model::Network& network, const Recipe& recipe, const Normalisation& normalisation,
          const torch::Device& device, torch::MemoryFormat format = torch::MemoryFormat::ChannelsLast,
          const GraphCapture& capture = {}, std::shared_ptr<ProcessGroup> group = nullptr,
          Rounding rounding = Rounding::own);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// CudaGraph::capture on a GPU; nothing on the CPU, which gains nothing by it.
  static GraphCapture capture_for(const torch::Device& device);

  /// Begins a training run: the weights are drawn from `seed` (fresh) or are those the network came with, the optimizer
  /// is new, and random numbers such as dropout's follow from `seed`. Steps not collected are forgotten. Returns the
  /// parameters that stay as they were because no standard layer owns them.
  std::vector<std::string> start(std::uint64_t seed, bool fresh_weights);

  /// Every later step measures the mean loss of this batch after its update: normalisation layers use the batch's own
  /// statistics, and neither they nor the optimizer nor the random numbers notice. An undefined batch: none.
  void set_probe(const ByteTensors& batch);

  /// See DeviceBatches::keep.
  void keep_images(std::size_t images, std::size_t bytes) { device_batches_.keep(images, bytes); }

  /// Captures what steps on such batches will replay, where that is possible, so that the first step is like all
  /// others. Leaves no trace. gain: whether gain ratios will be asked for.
  void prepare(const std::vector<ByteTensors>& batches, bool gain);

  /// One update at rate `lr` from recipe.accumulate batches. Measures the loss before the update and, when asked, the
  /// gain ratio (MeasuredSteps).
  void submit(const std::vector<ByteTensors>& batches, double lr, bool measure_gain);
  /// See Engine.
  Measurement collect();
  int ahead() const;
  Measurement step(const std::vector<ByteTensors>& batches, double lr, bool measure_gain);

  /// Loss and accuracy in evaluation mode, over all batches.
  Evaluation evaluate(const std::vector<ByteTensors>& batches) { return step_.evaluate(batches); }

  /// From now on every step records, per trained tensor, the norm of its update over the norm of its weights before.
  void record_update_ratios(bool on);
  /// Those of the step that was collected last, in the order of trained().
  const std::vector<double>& update_ratios() const { return update_ratios_; }

  /// Parameters that are trained: all but the frozen ones.
  const std::vector<model::NamedTensor>& trained() const { return step_.trained(); }

  const StepTimes& times() const { return times_; }
  /// Why steps are not replayed; empty while they are or nobody tried.
  const std::string& not_captured_because() const { return learn_.not_captured_because(); }

 private:
  // A step whose measurements are on their way.
  struct Pending {
    torch::Tensor numbers, update_ratios;
    bool has_loss_after, has_probe_loss;
    DeviceMark done;
  };

  void learn();
  void measure_loss_after();
  void measure_probe_loss();
  CapturedStep captured(void (Trainer::*work)(), StepNumber result, const GraphCapture& capture);
  void bring(const std::vector<ByteTensors>& batches);
  void forget_step();
  torch::Tensor on_its_way(const torch::Tensor& values) const;

  model::Network& network_;
  torch::Device device_;
  bool captures_;
  std::shared_ptr<ProcessGroup> group_;  // null: alone
  Step step_;
  Snapshot initial_;  // the whole network, as it came
  DeviceBatches device_batches_;
  int moves_seen_ = 0;  // of device_batches_
  CapturedStep learn_, loss_after_, probe_loss_;

  std::deque<Pending> pending_;
  MeasuredSteps measured_;
  std::vector<double> update_ratios_;  // of the step that was collected last
  StepTimes times_;
};

}  // namespace lrfind::train
