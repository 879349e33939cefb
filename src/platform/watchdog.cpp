#include "platform/watchdog.hpp"

#include "platform/abnormal_end.hpp"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>

namespace lrfind::platform {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int longest_sleep = 4;  // looks, one a second

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Whether no thread but this one runs, waits for a processor (R) or for a disk (D). Where there is no /proc, the
// processor's time alone has to tell.
bool others_sleep() try {
  const std::string self = std::to_string(gettid());
  std::error_code none;
  for (const auto& task : fs::directory_iterator("/proc/self/task", none)) {
    if (task.path().filename() == self) continue;
    std::ifstream file(task.path() / "stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    if (name_end + 2 < text.size() && text[name_end + 2] != 'S') return false;
  }
  return true;
} catch (const std::exception&) {  // a thread ended while it was looked at, or there is no memory to look: no proof
  return false;
}

}  // namespace

Watchdog::Watchdog() {
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  } catch (const std::system_error&) {  // require_resources() has said what it had to say
  }
}

Watchdog::~Watchdog() = default;

void Watchdog::watch(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  unsigned long seen = 0;
  double spent = 0;
  int asleep = 0;
  while (!ended.wait_for(lock, stop, 1s, [&] { return stop.stop_requested(); })) {
    const unsigned long work = work_;
    const double now = processor_seconds();
    constexpr double own_look = 0.02;
    const bool same = work % 2 == 1 && work == seen && now - spent < own_look && others_sleep();
    asleep = same ? asleep + 1 : 0;
    seen = work;
    spent = now;
    if (asleep == longest_sleep) {
      end_now(failed_status,
              "\nlrfind: LibTorch waits for a thread that did not start; lower --threads and --workers, or raise the "
              "limits (ulimit -u, ulimit -v, the container's pids)");
    }
  }
}

}  // namespace lrfind::platform
