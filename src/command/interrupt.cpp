#include "command/interrupt.hpp"

#include "command/exit_status.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <thread>

namespace lrfind::command {

namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch it only then");
std::atomic<int> people{-1};
int wake_up[2] = {-1, -1};  // a pipe: a handler may write to it, but not ask a std::stop_source

void write_and_forget(int descriptor, std::string_view text) {
  [[maybe_unused]] const auto written = write(descriptor, text.data(), text.size());
}

void on_signal(int /*signal*/) {
  if (requests.fetch_add(1) > 0) _exit(ExitStatus::interrupted);
  const int error = errno;
  write_and_forget(people.load(),
                   "\nlrfind: ending after this step, with what was measured; a second signal ends at once\n");
  write_and_forget(wake_up[1], "!");
  errno = error;
}

void on_broken_output(int /*signal*/) {}  // the write that caused it fails

// A handler, where the signal is not ignored: what is ignored stays so in programs that are started, a handler does
// not.
void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
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
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, on_signal);
  return source.get_token();
}

}  // namespace

std::stop_token listen_for_interrupt(int descriptor) {
  people = descriptor;
  static const std::stop_token token = start_listening();
  return token;
}

void outlive_broken_outputs() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) handle(signal, on_broken_output);
}

}  // namespace lrfind::command
