#include "command/interrupt.hpp"

#include "command/exit_status.hpp"

#include <unistd.h>
#include <atomic>
#include <csignal>

namespace lrfind::command {

namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch it only then");

void on_signal(int /*signal*/) {
  if (requests.fetch_add(1) > 0) _exit(ExitStatus::interrupted);
}

}  // namespace

void listen_for_interrupt() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupt_requested() { return requests.load() > 0; }

}  // namespace lrfind::command
