// Batch normalisation over the batches of all ranks.
#pragma once

#include "train/distributed/process_group.hpp"

#include <torch/library.h>
#include <torch/torch.h>

#include <memory>

namespace lrfind::train {

/// While it lives, batch normalisation in training mode, in whatever network, uses mean and variance over the batches
/// of all ranks, as torch.nn.SyncBatchNorm does; every rank must run the same layers in the same order. One at a time.
class SyncBatchNorm {
 public:
  explicit SyncBatchNorm(std::shared_ptr<ProcessGroup> group);
  SyncBatchNorm(const SyncBatchNorm&) = delete;
  SyncBatchNorm& operator=(const SyncBatchNorm&) = delete;
  ~SyncBatchNorm();

 private:
  torch::Library kernels_;
};

}  // namespace lrfind::train
