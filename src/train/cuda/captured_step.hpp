// Work that every step does again.
#pragma once

#include "train/cuda/graph.hpp"

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lrfind::train {

/// How work is recorded: Replay::record, or what a test puts in its place.
using Recorder = std::function<decltype(Replay::record)>;

/// Work on memory that stays in place: replayed from its recording where it can be recorded, called where it cannot.
class Repeated {
 public:
  struct Parts {
    std::function<void()> work;
    /// A number that the work computes, by which a recording is held against a plain call; stays in place.
    torch::Tensor result;
    /// All that the work changes and that a later step depends on; stays in place.
    std::function<std::vector<torch::Tensor>()> state;
  };
  /// No recorder: the work is always called.
  Repeated(Parts parts, const torch::Device& device, Recorder recorder);

  /// Does the work once.
  void run();
  /// Records it where that was not done yet, and leaves no other trace: state and random numbers stay as they were.
  void prepare();
  /// The memory that the work reads has moved: what was recorded is of no use any more.
  void forget();

  /// Why the work is not replayed; empty while it is or nobody tried.
  const std::string& obstacle() const { return obstacle_; }

 private:
  Parts parts_;
  torch::Device device_;
  Recorder recorder_;
  std::unique_ptr<Replay> replay_;
  std::string obstacle_;
};

}  // namespace lrfind::train
