// Ends a run that waits for ever for itself: a library's pool whose thread could not start. tests/faults/ looks for
// such.
#pragma once

#include <atomic>
#include <thread>

namespace lrfind::platform {

/// While work is on guard and every thread of the process sleeps, without a moment of processor time, for some seconds
/// on end, the process is ended with status 5. Only for work that waits for nothing outside the process: no device, no
/// file.
class Watchdog {
 public:
  /// Starts its thread; where that is refused there is no watch.
  Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  class Guard {
   public:
    explicit Guard(Watchdog* watchdog) : watchdog_(watchdog) {
      if (watchdog_ != nullptr) ++watchdog_->work_;
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      if (watchdog_ != nullptr) ++watchdog_->work_;
    }

   private:
    Watchdog* watchdog_;
  };

 private:
  void watch(const std::stop_token& stop) const;

  std::atomic<unsigned long> work_{0};  // odd while work is on guard
  std::jthread thread_;
};

}  // namespace lrfind::platform
