#include "train/cuda/graph.hpp"

#ifdef LRFIND_CUDA
// Of the CUDA toolkit these need the runtime's headers alone.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace lrfind::train {

#ifdef LRFIND_CUDA

namespace {

constexpr int warm_up_calls = 3;  // as PyTorch's notes on CUDA graphs advise

struct Waits {};  // for the device

// While alive, work that waits for the device throws.
class NoWaiting {
 public:
  NoWaiting() : before_(c10::cuda::warning_state().get_sync_debug_mode()) { set(c10::cuda::SyncDebugMode::L_ERROR); }
  NoWaiting(const NoWaiting&) = delete;
  NoWaiting& operator=(const NoWaiting&) = delete;
  ~NoWaiting() { set(before_); }

 private:
  static void set(c10::cuda::SyncDebugMode mode) { c10::cuda::warning_state().set_sync_debug_mode(mode); }

  c10::cuda::SyncDebugMode before_;
};

class CapturedCudaGraph : public CudaGraph {
 public:
  void replay() override { graph_.replay(); }

  // What is captured must not run on the default stream.
  void capture_stream(const std::function<void()>& work, const torch::Device& device) {
    const auto current = c10::cuda::getCurrentCUDAStream(device.index());
    const auto side = c10::cuda::getStreamFromPool(false, device.index());
    wait_for(current, side);
    try {
      const c10::cuda::CUDAStreamGuard on_side(side);
      for (int call = 1; call < warm_up_calls; ++call) work();
      // Found out before, and not by a capture that fails: that may leave LibTorch's random numbers unusable.
      try_without_waiting(work);
      graph_.capture_begin();
      try {
        work();
      } catch (...) {
        end_capture();
        throw;
      }
      graph_.capture_end();
    } catch (...) {
      wait_for(side, current);
      throw;
    }
    wait_for(side, current);
  }

 private:
  static void wait_for(const c10::Stream& first, const c10::Stream& then) {
    c10::Event reached(c10::DeviceType::CUDA);
    reached.record(first);
    reached.block(then);
  }

  static void try_without_waiting(const std::function<void()>& work) {
    const NoWaiting no_waiting;
    try {
      work();
    } catch (const std::exception&) {  // which did not happen a moment ago
      throw Waits();
    }
  }

  // A capture that failed must still be ended, and says so itself.
  void end_capture() {
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {
    }
  }

  at::cuda::CUDAGraph graph_;
};

}  // namespace

std::unique_ptr<CudaGraph> CudaGraph::capture(const std::function<void()>& work, const torch::Device& device,
                                              std::string& reason) {
  if (!device.is_cuda()) {
    reason = "there is no GPU";
    return nullptr;
  }
  try {
    const c10::cuda::CUDAGuard on_device(device.index());
    auto graph = std::make_unique<CapturedCudaGraph>();
    graph->capture_stream(work, device);
    return graph;
  } catch (const Waits&) {
    reason = "the network waits for the device";
    return nullptr;
  } catch (const std::exception& error) {
    static_cast<void>(cudaGetLastError());  // or the next kernel would be blamed for it
    const std::string text = error.what();
    reason = "it cannot be captured: " + text.substr(0, text.find('\n'));
    return nullptr;
  }
}

#else

std::unique_ptr<CudaGraph> CudaGraph::capture(const std::function<void()>& /*work*/, const torch::Device& device,
                                              std::string& reason) {
  reason = device.is_cuda() ? "this build has no CUDA headers" : "there is no GPU";
  return nullptr;
}

#endif

}  // namespace lrfind::train
