#include "train/repeated.hpp"

#include "train/random_state.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

constexpr double replay_tolerance = 0.01;  // relative, of a replayed result: kernels may differ, the work may not

bool alike(double replayed, double called) {
  if (!std::isfinite(called)) return !std::isfinite(replayed);
  return std::abs(replayed - called) <= replay_tolerance * std::abs(called);
}

// What tensors held when this was made.
class Snapshot {
 public:
  explicit Snapshot(std::vector<torch::Tensor> tensors) : tensors_(std::move(tensors)) {
    for (const auto& tensor : tensors_) copies_.push_back(tensor.clone());
  }
  void restore() {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < tensors_.size(); ++i) tensors_[i].copy_(copies_[i]);
  }

 private:
  std::vector<torch::Tensor> tensors_, copies_;
};

}  // namespace

Repeated::Repeated(Parts parts, const torch::Device& device, Recorder recorder)
    : parts_(std::move(parts)), device_(device), recorder_(std::move(recorder)) {}

void Repeated::prepare() {
  if (!recorder_ || replay_ || !obstacle_.empty()) return;
  Snapshot before(parts_.state());
  RandomState random(device_);
  const auto rewind = [&] {
    before.restore();
    random.rewind();
  };
  parts_.work();
  const double called = parts_.result.item<double>();
  rewind();
  replay_ = recorder_(parts_.work, device_, obstacle_);
  ++recordings_;
  rewind();
  if (!replay_) return;
  replay_->run();
  const double replayed = parts_.result.item<double>();
  rewind();
  if (alike(replayed, called)) return;
  replay_.reset();
  obstacle_ = "its recording gave another result than the plain pass";
}

void Repeated::run() {
  prepare();
  if (replay_) {
    replay_->run();
  } else {
    parts_.work();
  }
}

void Repeated::forget() { replay_.reset(); }

}  // namespace lrfind::train
