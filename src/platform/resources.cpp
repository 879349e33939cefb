#include "platform/resources.hpp"

#include <lrfind/error.hpp>

#include <sys/mman.h>

#include <latch>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace lrfind::platform {

namespace {

void require_address_space(std::size_t bytes) {
  void* room = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) {
    throw device_error("the process may not have the " + std::to_string(bytes >> 20U) +
                       " MB of address space that training needs; raise the limit (ulimit -v)");
  }
  ::munmap(room, bytes);
}

void require_threads(unsigned count) {
  std::latch end(1);
  std::vector<std::thread> threads;
  bool refused = false;
  try {
    threads.reserve(count);
    while (threads.size() < count) threads.emplace_back([&end] { end.wait(); });
  } catch (const std::system_error&) {
    refused = true;
  }
  end.count_down();
  for (auto& thread : threads) thread.join();
  if (refused) {
    throw device_error("only " + std::to_string(threads.size()) + " of the " + std::to_string(count) +
                       " threads that the run needs can start; lower --threads and --workers, or raise the limits "
                       "(ulimit -u, ulimit -v, the container's pids)");
  }
}

}  // namespace

void require_resources(unsigned threads, std::size_t address_space) {
  require_address_space(address_space);
  require_threads(threads);
}

}  // namespace lrfind::platform
