#include "command/interrupt.hpp"

#include "platform/abnormal_end.hpp"

#include <semaphore.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

namespace lrfind::command {

namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch it only then");
sem_t wake_up;  // a handler may post it, but not ask a std::stop_source; and it needs no file descriptor

// Who sends one of these again does not want to wait; timers and batch queues repeat theirs without meaning more by it.
bool insists(int signal) { return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT; }

void on_signal(int signal) {
  const int error = errno;
  if (requests.fetch_add(1) == 0) {
    platform::say("\nlrfind: ending after this step, with what was measured; a second signal ends at once\n");
    sem_post(&wake_up);
  } else if (insists(signal)) {
    _exit(platform::interrupted_status);
  }
  errno = error;
}

std::stop_token start_listening() {
  static std::stop_source source;
  sem_init(&wake_up, 0, 0);
  std::thread([] {
    while (sem_wait(&wake_up) != 0 && errno == EINTR) {
    }
    source.request_stop();
  }).detach();
  for (const int signal : platform::ending_signals) platform::handle_signal(signal, on_signal);
  return source.get_token();
}

}  // namespace

std::stop_token listen_for_interrupt() {
  static const std::stop_token token = start_listening();
  return token;
}

}  // namespace lrfind::command
