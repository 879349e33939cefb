#include <platform/parallel.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lrfind::data {

namespace {

void run_in_turn(std::size_t count, const std::function<void(std::size_t)>& work, const std::stop_token& stop) {
  for (std::size_t i = 0; i < count; ++i) {
    if (stop.stop_requested()) throw Interrupted();
    work(i);
  }
}

}  // namespace

void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work,
                  const std::stop_token& stop) {
  if (threads <= 1 || count <= 1) return run_in_turn(count, work, stop);
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable ended;
  std::exception_ptr failure;  // under mutex
  const std::size_t wanted = std::min<std::size_t>(threads, count);
  std::size_t running = wanted;  // under mutex
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count && !stopping; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      stopping = true;
    }
    const std::lock_guard lock(mutex);
    if (--running == 0) ended.notify_one();
  };
  bool interrupted = false;
  {
    std::vector<std::jthread> pool;
    start_threads(pool, static_cast<unsigned>(wanted), run);
    if (pool.empty()) return run_in_turn(count, work, stop);
    std::unique_lock lock(mutex);
    running -= wanted - pool.size();
    while (!ended.wait_for(lock, std::chrono::milliseconds(20), [&] { return running == 0; })) {
      if (!stop.stop_possible() || interrupted) continue;
      lock.unlock();
      try {
        interrupted = stop.stop_requested();
      } catch (...) {
        lock.lock();
        failure = std::current_exception();
        interrupted = true;
        lock.unlock();
      }
      if (interrupted) stopping = true;
      lock.lock();
    }
  }
  if (failure) std::rethrow_exception(failure);
  if (interrupted) throw Interrupted();
}

void start_threads(std::vector<std::jthread>& pool, unsigned count, const std::function<void()>& work) {
  try {
    pool.reserve(pool.size() + count);
    for (unsigned i = 0; i < count; ++i) pool.emplace_back(work);
  } catch (const std::exception&) {  // no thread, or no memory for one: no more than these
  }
}

}  // namespace lrfind::data
