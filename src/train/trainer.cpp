#include "train/trainer.hpp"

#include "data/batch/random.hpp"
#include "train/random_state.hpp"
#include "train/stopwatch.hpp"

#include <optional>

namespace lrfind::train {

namespace {

using torch::Tensor;

constexpr int steps_ahead_on_gpu = 8;

// Parameters and flat buffers.
std::vector<Tensor> all_of(const model::Network& network, const std::vector<Tensor>& buffers) {
  auto whole = tensors_of(network.parameters());
  whole.insert(whole.end(), buffers.begin(), buffers.end());
  return whole;
}

}  // namespace

GraphCapture Trainer::capture_for(const torch::Device& device) {
  return device.is_cuda() ? GraphCapture(CudaGraph::capture) : GraphCapture();
}

Trainer::Trainer(model::Network& network, const Recipe& recipe, const Normalisation& normalisation,
                 const torch::Device& device, torch::MemoryFormat format, const GraphCapture& capture,
                 std::shared_ptr<ProcessGroup> group, Rounding rounding)
    : network_(network),
      device_(device),
      captures_(capture),
      group_(std::move(group)),
      step_(network, recipe, normalisation, device, format, group_, rounding),
      initial_(all_of(network, step_.buffers())),
      device_batches_(device),
      learn_(captured(&Trainer::learn, loss_at, capture)),
      loss_after_(captured(&Trainer::measure_loss_after, loss_after_at, capture)),
      probe_loss_(captured(&Trainer::measure_probe_loss, probe_loss_at, capture)) {}

CapturedStep Trainer::captured(void (Trainer::*work)(), StepNumber result, const GraphCapture& capture) {
  return {
      {[this, work] { (this->*work)(); }, step_.number(result), [this] { return step_.state(); }}, device_, capture};
}

std::vector<std::string> Trainer::start(std::uint64_t seed, bool fresh_weights) {
  const torch::NoGradGuard no_grad;
  initial_.restore();
  std::vector<std::string> left;
  if (fresh_weights) left = network_.initialise(seed);
  // Each rank draws random numbers of its own, for images of its own.
  torch::manual_seed(group_ ? data::seed_of(seed, group_->rank()) : seed);
  if (group_) group_->broadcast(all_of(network_, step_.buffers()));
  network_.train(true);
  step_.reset();
  pending_.clear();
  measured_ = {};
  times_ = {};
  return left;
}

void Trainer::set_probe(const ByteTensors& batch) {
  if (step_.set_probe(batch)) probe_loss_.forget();
}

void Trainer::record_update_ratios(bool on) {
  if (on == step_.update_ratios().defined()) return;
  step_.record_update_ratios(on);
  forget_step();
}

void Trainer::learn() {
  {
    const Stopwatch watch(times_.forward_backward_s);
    step_.differentiate();
  }
  const Stopwatch watch(times_.optimizer_s);
  step_.update();
}

void Trainer::measure_loss_after() {
  const Stopwatch watch(times_.gain_s);
  step_.measure_loss_after();
}

void Trainer::measure_probe_loss() {
  const Stopwatch watch(times_.probe_s);
  step_.measure_probe_loss();
}

// The gain ratio's pass reads what the network was given in the step that was captured.
void Trainer::forget_step() {
  learn_.forget();
  loss_after_.forget();
}

// Puts the step's batches where the step finds them.
void Trainer::bring(const std::vector<ByteTensors>& batches) {
  const bool ready = device_.is_cpu() && !captures_ && batches.front().augmentations.empty();
  step_.set_batches(ready ? batches : device_batches_.bring(batches));
  if (device_batches_.moves() == moves_seen_) return;
  moves_seen_ = device_batches_.moves();
  forget_step();
}

void Trainer::prepare(const std::vector<ByteTensors>& batches, bool gain) {
  if (!captures_) return;
  bring(batches);
  learn_.prepare();
  if (gain && learn_.not_captured_because().empty()) loss_after_.prepare();
  if (step_.has_probe()) probe_loss_.prepare();
}

void Trainer::submit(const std::vector<ByteTensors>& batches, double lr, bool measure_gain) {
  std::optional<RandomState> random_before;
  if (measure_gain) random_before.emplace(device_);
  bring(batches);
  step_.set_rate(lr);
  learn_.run();
  // Where the numbers are at hand, a gain ratio that would be discarded is not measured at all.
  if (measure_gain && device_.is_cpu()) {
    measure_gain = predicts_enough(step_.number(predicted_at).item<double>(), step_.number(loss_at).item<double>());
  }
  if (measure_gain) {
    random_before->rewind();
    // Captured, it would read the inputs of a captured step.
    learn_.not_captured_because().empty() ? loss_after_.run() : measure_loss_after();
  }
  if (step_.has_probe()) {
    RandomState random(device_);
    probe_loss_.run();
    random.rewind();
  }
  if (measure_gain || step_.has_probe()) step_.share_measurements();
  const auto ratios = step_.update_ratios().defined() ? on_its_way(step_.update_ratios()) : Tensor();
  pending_.push_back({on_its_way(step_.numbers()), ratios, measure_gain, step_.has_probe(), DeviceMark(device_)});
}

// A copy on the host, which is complete when the device gets there.
Tensor Trainer::on_its_way(const Tensor& values) const {
  auto host = torch::empty(values.sizes(), torch::TensorOptions(torch::kDouble).pinned_memory(device_.is_cuda()));
  return host.copy_(values, true);
}

Measurement Trainer::collect() {
  const Stopwatch watch(times_.wait_s);
  const Pending step = std::move(pending_.front());
  pending_.pop_front();
  step.done.wait();
  if (step.update_ratios.defined()) {
    const double* ratios = step.update_ratios.data_ptr<double>();
    update_ratios_.assign(ratios, ratios + step.update_ratios.numel());
  }
  if (group_) group_->hear_stop(step.numbers.data_ptr<double>()[stop_at] > 0);
  return measured_.read(step.numbers.data_ptr<double>(), step.has_loss_after, step.has_probe_loss);
}

int Trainer::ahead() const { return device_.is_cpu() ? 0 : steps_ahead_on_gpu; }

Measurement Trainer::step(const std::vector<ByteTensors>& batches, double lr, bool measure_gain) {
  submit(batches, lr, measure_gain);
  return collect();
}

}  // namespace lrfind::train
