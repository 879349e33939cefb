// One step of a learning-rate range test: the gradient of a few batches, the update at this step's rate, and what is
// measured of both.
#pragma once

#include "train/distributed/process_group.hpp"
#include "train/flat_parameters.hpp"
#include "train/loss_scale.hpp"
#include "train/measured_step.hpp"
#include "train/normalise.hpp"
#include "train/objective.hpp"
#include "train/optimizer.hpp"
#include "train/parameter_groups.hpp"
#include "train/recipe.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace lrfind::train {

/// Owns the optimizer and all that goes from step to step; uses the network, which must outlive it. Whatever a step
/// reads or writes, the rate too, lies in tensors that stay in place, and nothing here waits for the device. Not
/// thread-safe.
class Step {
 public:
  /// Moves the network to `device`. With a group, batches and probe are this rank's parts of the ranks' batches and
  /// probe. Throws Error (usage) when the recipe does not fit the network.
  Step(model::Network& network, const Recipe& recipe, const Normalisation& normalisation, const torch::Device& device,
       torch::MemoryFormat format, std::shared_ptr<ProcessGroup> group = nullptr, Rounding rounding = Rounding::own);

  /// Begins a training run from the weights that the network has now.
  void reset();
  /// The batches of the next step, on the device; they outlive it.
  void set_batches(const std::vector<ByteTensors>& batches) { batches_ = &batches; }
  void set_rate(double lr) {
    rate_ = lr;
    minus_rate_.fill_(-lr);
  }

  /// Loss and gradient of the batches.
  void differentiate();
  /// Changes the parameters, and compares the gradient with this change and with the one before. Where fp16 gradients
  /// overflowed, nothing changes and nothing is compared.
  void update();
  /// The loss of the same batches after the update, in training mode; no later step notices.
  void measure_loss_after();
  /// Likewise of the probe: normalisation layers use its own statistics.
  void measure_probe_loss();
  /// Brings what the ranks have measured of their parts together.
  void share_measurements();

  /// The batch of which measure_probe_loss is; undefined: none. Returns whether it lies elsewhere than the one before.
  bool set_probe(const ByteTensors& batch);
  bool has_probe() const { return probed_; }
  /// Whether update() records, per trained tensor, the norm of its change over the norm of its weights before.
  void record_update_ratios(bool on);

  /// Double [step_number_count], see StepNumber.
  const torch::Tensor& numbers() const { return numbers_; }
  torch::Tensor number(StepNumber which) const { return numbers_.select(0, which); }
  /// Double [trained]; undefined while update ratios are not recorded.
  const torch::Tensor& update_ratios() const { return ratios_; }

  /// What a step changes and the next one depends on.
  std::vector<torch::Tensor> state() const;
  /// What the network keeps beside its parameters, flat.
  const std::vector<torch::Tensor>& buffers() const { return buffers_; }
  const std::vector<model::NamedTensor>& trained() const { return groups_.trained; }
  Evaluation evaluate(const std::vector<ByteTensors>& batches);

 private:
  // A stretch of the flat parameters with what belongs to it; all of them on a GPU.
  struct Block {
    std::int64_t begin;
    torch::Tensor values, change;
    torch::Tensor rate_factors;  // one per value; undefined: all are 1
    std::unique_ptr<Optimizer> optimizer;
  };
  void make_blocks(const OptimizerOptions& options, Rounding rounding);
  // Without recording of gradients; at the same time on the CPU.
  void each_block(const std::function<void(std::size_t)>& work) const;
  std::vector<torch::Tensor> gradient_of(const torch::Tensor& loss) const;
  torch::Tensor clipping_factor() const;
  void change(Block& block, const torch::Tensor& gradient, const torch::Tensor& overflowed);
  void measure(StepNumber which, const std::function<torch::Tensor()>& loss);
  void find_shares();
  void sum_over_ranks(torch::Tensor& loss);

  torch::Device device_;
  Normaliser normalise_;
  std::shared_ptr<ProcessGroup> group_;  // null: alone
  Objective objective_;
  LossScale loss_scale_;
  double grad_clip_;
  bool as_pytorch_;
  ParameterGroups groups_;
  FlatParameters parameters_;           // that are trained
  std::vector<torch::Tensor> buffers_;  // flat
  std::vector<Block> blocks_;

  const std::vector<ByteTensors>* batches_ = nullptr;
  std::vector<NetworkInput> inputs_;  // what the network was given of the batches
  std::vector<double> shares_;        // of each of their losses in the step's
  NetworkInput probe_;
  bool probed_ = false;     // by any rank
  double probe_share_ = 1;  // of this rank's part in the probe's loss
  double rate_ = 0;
  torch::Tensor minus_rate_;             // without dimensions
  std::vector<torch::Tensor> gradient_;  // of each block
  torch::Tensor change_;                 // of all parameters by the last step; zero before the first
  torch::Tensor numbers_, ratios_;
};

}  // namespace lrfind::train
