// The ranks that train together, over LibTorch's c10d: a store of keys that rank 0 holds, and collectives.
#pragma once

#include "train/distributed/group.hpp"
#include "train/distributed/ranks.hpp"

#include <torch/torch.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace lrfind::train {

/// Group's calls, and sums of tensors. Collectives run through Gloo, tensors of a GPU by way of the host.
class ProcessGroup : public Group {
 public:
  /// Meets the others. Throws Error: usage when this LibTorch or this build cannot; device, with the ranks that are
  /// missing, when not all came within `timeout`, which is also how long a call waits for the others.
  static std::shared_ptr<ProcessGroup> join(const Ranks& ranks, std::chrono::milliseconds timeout);

  /// Replaces the values by their sum over the ranks, the same bits on each.
  virtual void sum(torch::Tensor& values) = 0;
  /// Replaces the values by rank 0's.
  virtual void broadcast(const std::vector<torch::Tensor>& tensors) = 0;

  /// What ask_to_stop was told, which goes with a step's sum; and what came of it.
  bool asked_to_stop() const { return asked_to_stop_; }
  void hear_stop(bool any) { stopped_ = any; }

  void ask_to_stop(bool asked) override { asked_to_stop_ = asked; }
  bool agreed_to_stop() const override { return stopped_; }

 private:
  bool asked_to_stop_ = false;
  bool stopped_ = false;
};

}  // namespace lrfind::train
