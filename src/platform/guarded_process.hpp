// A program and everything that it starts, which end with this process however that ends. Between the two stands a
// guardian, a fork of this process that adopts orphans (PR_SET_CHILD_SUBREAPER) and outlives kill -9 of its parent:
// without it, workers that torchrun starts in sessions of their own are left behind. It costs one fork (1 ms).
#pragma once

#include <sys/types.h>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lrfind::platform {

struct ProgramToRun {
  std::vector<std::string> command;                              ///< the program, looked for in PATH, and its arguments
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to this process's own
  std::string folder;  ///< removed with the files in it once nothing of the program is left; may be empty
};

/// How a program ended, as waitpid() tells it.
struct Ending {
  int wait_status = 0;

  bool by_signal() const;
  /// Exit status, or the number of the signal.
  int number() const;
};

class GuardedProcess {
 public:
  /// Starts the program in a session of its own, reading nothing. Throws Error (usage) where there is no such program,
  /// Error (device) where the machine gives no process.
  explicit GuardedProcess(const ProgramToRun& program);
  GuardedProcess(const GuardedProcess&) = delete;
  GuardedProcess& operator=(const GuardedProcess&) = delete;
  /// Ends it.
  ~GuardedProcess();

  /// What the program writes to stdout and stderr: pipes that do not block.
  int output() const { return output_; }
  int errors() const { return errors_; }
  /// Can be read from when ended() has news.
  int events() const { return control_; }

  /// How the program ended, once it has. What it started may live a little longer.
  std::optional<Ending> ended();

  /// Ends the program and everything it started: SIGTERM, after two seconds SIGKILL. Returns when nothing is left.
  void end();

 private:
  void read_events();

  int output_ = -1, errors_ = -1, control_ = -1;
  pid_t guardian_ = -1;
  std::optional<Ending> ending_;
};

}  // namespace lrfind::platform
