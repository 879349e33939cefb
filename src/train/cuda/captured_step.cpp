#include "train/cuda/captured_step.hpp"

#include "train/random_state.hpp"
#include "train/snapshot.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

constexpr double replay_tolerance = 0.01;  // relative, of a replayed result: kernels may differ, the work may not

bool alike(double replayed, double called) {
  if (!std::isfinite(called)) return !std::isfinite(replayed);
  return std::abs(replayed - called) <= replay_tolerance * std::abs(called);
}

}  // namespace

CapturedStep::CapturedStep(Parts parts, const torch::Device& device, GraphCapture capture)
    : parts_(std::move(parts)), device_(device), capture_(std::move(capture)) {}

void CapturedStep::prepare() {
  if (!capture_ || graph_ || !not_captured_because_.empty()) return;
  const Snapshot before(parts_.state());
  RandomState random(device_);
  const auto rewind = [&] {
    before.restore();
    random.rewind();
  };
  parts_.work();
  const double called = parts_.result.item<double>();
  const RandomState random_after_call(device_);
  rewind();
  if (!device_.is_cpu() && !random_after_call.same_on_cpu(random)) {
    not_captured_because_ = "the network draws random numbers on the CPU";
    return;
  }
  graph_ = capture_(parts_.work, device_, not_captured_because_);
  rewind();
  if (!graph_) return;
  graph_->replay();
  const double replayed = parts_.result.item<double>();
  const bool drew_the_same = RandomState(device_) == random_after_call;
  rewind();
  if (alike(replayed, called) && drew_the_same) return;
  graph_.reset();
  not_captured_because_ = drew_the_same ? "its CUDA graph gave another result than the plain pass"
                                        : "its CUDA graph draws other random numbers than the plain pass";
}

void CapturedStep::run() {
  prepare();
  if (graph_) {
    graph_->replay();
  } else {
    parts_.work();
  }
}

void CapturedStep::forget() { graph_.reset(); }

}  // namespace lrfind::train
