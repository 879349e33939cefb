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

Repeated::Repeated(Parts parts, const torch::Device& device, Recorder recorder)
    : parts_(std::move(parts)), device_(device), recorder_(std::move(recorder)) {}

void Repeated::prepare() {
  if (!recorder_ || replay_ || !obstacle_.empty()) return;
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
    obstacle_ = "the network draws random numbers on the CPU";
    return;
  }
  replay_ = recorder_(parts_.work, device_, obstacle_);
  rewind();
  if (!replay_) return;
  replay_->run();
  const double replayed = parts_.result.item<double>();
  const bool drew_the_same = RandomState(device_) == random_after_call;
  rewind();
  if (alike(replayed, called) && drew_the_same) return;
  replay_.reset();
  obstacle_ = drew_the_same ? "its recording gave another result than the plain pass"
                            : "its recording draws other random numbers than the plain pass";
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
