// Work that every step does again: captured once, held against a plain call, and then replayed.
#pragma once

#include "train/cuda/graph.hpp"

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lrfind::train {

/// How work is captured: CudaGraph::capture, or what a test puts in its place.
using GraphCapture = std::function<decltype(CudaGraph::capture)>;

/// Work on memory that stays in place: replayed from its CUDA graph where it can be captured, called where it cannot.
class CapturedStep {
 public:
  struct Parts {
    std::function<void()> work;
    /// A number that the work computes, by which its graph is held against a plain call; stays in place.
    torch::Tensor result;
    /// All that the work changes and that a later step depends on; stays in place.
    std::function<std::vector<torch::Tensor>()> state;
  };
  /// No capture: the work is always called.
  CapturedStep(Parts parts, const torch::Device& device, GraphCapture capture);

  /// Does the work once.
  void run();
  /// Captures it where that was not done yet, and leaves no other trace: state and random numbers stay as they were.
  void prepare();
  /// The memory that the work reads has moved: what was captured is of no use any more.
  void forget();

  /// Why the work is not replayed; empty while it is or nobody tried.
  const std::string& not_captured_because() const { return not_captured_because_; }

 private:
  Parts parts_;
  torch::Device device_;
  GraphCapture capture_;
  std::unique_ptr<CudaGraph> graph_;
  std::string not_captured_because_;
};

}  // namespace lrfind::train
