#include "command/interrupt.hpp"

#include "command/exit_status.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

namespace lrfind::command {

namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch it only then");
int wake_up[2] = {-1, -1};  // a pipe: a handler may write to it, but not ask a std::stop_source

void on_signal(int /*signal*/) {
  if (requests.fetch_add(1) > 0) _exit(ExitStatus::interrupted);
  const int error = errno;
  [[maybe_unused]] const auto written = write(wake_up[1], "", 1);
  errno = error;
}

std::stop_token start_listening() {
  static std::stop_source source;
  if (pipe2(wake_up, O_CLOEXEC) != 0) return source.get_token();
  std::thread([] {
    char byte = 0;
    while (read(wake_up[0], &byte, 1) < 0 && errno == EINTR) {
    }
    source.request_stop();
  }).detach();
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return source.get_token();
}

}  // namespace

std::stop_token listen_for_interrupt() {
  static const std::stop_token token = start_listening();
  return token;
}

}  // namespace lrfind::command
