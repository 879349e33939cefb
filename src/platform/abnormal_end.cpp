#include "platform/abnormal_end.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <system_error>

namespace lrfind::platform {

namespace {

constexpr int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

std::atomic<int> people{STDERR_FILENO};
std::atomic<bool> exit_is_ours{true};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch it only then");

const char* name_of(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? "?" : name;
}

void on_ending(int signal) {
  say("\nlrfind: interrupted by SIG");
  say(name_of(signal));
  end_now(interrupted_status, "");
}

void on_fault(int signal) {
  say("\nlrfind: a library failed (SIG");
  say(name_of(signal));
  end_now(failed_status,
          "), as they do where the machine refuses them memory; raise its limits (ulimit -v) or lower --batch-size, "
          "--image-size or --threads");
}

void on_broken_output(int /*signal*/) {}  // the write that caused it fails

[[noreturn]] void on_uncaught() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    end_now(failed_status, "lrfind: out of memory; lower --batch-size, --image-size or --cache-mb");
  } catch (const std::system_error& error) {
    end_now(failed_status, ("lrfind: the machine refused what the run needs (" + error.code().message() +
                            "); raise its limits (ulimit -a) or lower --threads and --workers")
                               .c_str());
  } catch (...) {
  }
  end_now(failed_status, "lrfind: a part of the program failed without a reason; please report what you did");
}

void on_exit_of_a_library(int /*status*/, void* /*unused*/) {
  if (exit_is_ours) return;
  end_now(
      failed_status,
      "lrfind: a library ended the run, as OpenMP does where a thread cannot start; lower --threads and --workers, or "
      "raise the limits (ulimit -u, ulimit -v, the container's pids)");
}

bool is_default(int signal) {
  struct sigaction now = {};
  return sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

void set_handler(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

// A stack of its own, so that a stack that ran full can be answered.
void prepare_stack() {
  static std::array<char, 65536> memory;
  stack_t stack = {};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  sigaltstack(&stack, nullptr);
}

}  // namespace

sigset_t hold_signals() {
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  for (const int signal : ending_signals) sigaddset(&held, signal);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&held, signal);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  return before;
}

void answer_signals(const sigset_t& mask) {
  prepare_stack();
  for (const int signal : ending_signals) {
    if (is_default(signal)) set_handler(signal, on_ending, SA_RESTART);
  }
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    if (is_default(signal)) set_handler(signal, on_broken_output, SA_RESTART);
  }
  for (const int signal : fault_signals) {
    if (is_default(signal)) set_handler(signal, on_fault, static_cast<int>(SA_RESETHAND | SA_ONSTACK));
  }
  std::set_terminate(on_uncaught);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

void answer_on(int descriptor) { people = descriptor; }

int answered_on() { return people; }

void say(const char* text) { [[maybe_unused]] const auto written = write(people.load(), text, std::strlen(text)); }

void end_now(int status, const char* sentence) {
  say(sentence);
  say("\n");
  _exit(status);
}

void refuse_exit() {
  exit_is_ours = false;
  on_exit(on_exit_of_a_library, nullptr);
}

void go_on_refusing_exit() {
  if (!exit_is_ours) on_exit(on_exit_of_a_library, nullptr);
}

void expect_exit() { exit_is_ours = true; }

void handle_signal(int signal, void (*handler)(int)) {
  struct sigaction now = {};
  if (sigaction(signal, nullptr, &now) != 0) return;
  if (now.sa_handler == SIG_DFL || now.sa_handler == on_ending) set_handler(signal, handler, SA_RESTART);
}

}  // namespace lrfind::platform
