// Work that is captured once and replayed: CUDA graphs.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>

namespace lrfind::train {

/// A CUDA graph of some work on one device. The work must use the same memory and launch the same kernels whenever it
/// is called; what it makes anew (a loss, gradients) stays in place between replays. Random numbers are drawn anew from
/// the device's generator in every replay, the same as the work would draw.
class CudaGraph {
 public:
  virtual ~CudaGraph() = default;

  /// Queues the work again, without waiting for it.
  virtual void replay() = 0;

  /// Calls `work` a few times as it is, so that libraries choose their kernels and set themselves up, and once more to
  /// capture it. Returns nothing when that is impossible, and then `reason` says why in a clause: no GPU, a build
  /// without CUDA's headers, work that waits for the device or that cannot be captured.
  static std::unique_ptr<CudaGraph> capture(const std::function<void()>& work, const torch::Device& device,
                                            std::string& reason);
};

}  // namespace lrfind::train
