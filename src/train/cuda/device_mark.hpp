// A point in a device's queue of work.
#pragma once

#include <c10/core/Event.h>
#include <torch/torch.h>

#include <c10/core/impl/VirtualGuardImpl.h>

#include <optional>
#include <thread>

namespace lrfind::train {

/// Everything that was asked of `device` before this was made; on the CPU, where nothing runs behind, it is always
/// done.
class DeviceMark {
 public:
  explicit DeviceMark(const torch::Device& device) {
    if (device.is_cpu()) return;
    event_.emplace(device.type());
    event_->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  }

  void wait() const {
    while (event_ && !event_->query()) std::this_thread::yield();
  }

 private:
  std::optional<c10::Event> event_;
};

}  // namespace lrfind::train
