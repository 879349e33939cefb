#include "platform/guarded_process.hpp"

#include "platform/excerpt.hpp"

#include <lrfind/error.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace lrfind::platform {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto time_to_end = std::chrono::seconds(2);
constexpr int look_again_ms = 20;

// Descriptors of the guardian beside 0 to 2.
constexpr int control = 3, start_error = 4;

struct Process {
  pid_t pid, parent;
};

// "pid (name) state parent ...": a name may hold anything, so what follows it is found from its end.
std::optional<Process> read_process(pid_t pid) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::array<char, 512> text{};
  const auto size = read(file, text.data(), text.size() - 1);
  close(file);
  const char* after_name = size > 0 ? std::strrchr(text.data(), ')') : nullptr;
  if (after_name == nullptr || std::strlen(after_name) < 4) return std::nullopt;
  return Process{pid, static_cast<pid_t>(std::strtol(after_name + 4, nullptr, 10))};
}

// All that the machine runs; empty where there is no /proc.
std::vector<Process> all_processes() {
  std::vector<Process> list;
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return list;
  while (const dirent* entry = readdir(folder)) {
    const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (pid <= 0) continue;
    if (const auto process = read_process(pid)) list.push_back(*process);
  }
  closedir(folder);
  return list;
}

void signal_descendants(pid_t program, int signal) {
  kill(-program, signal);  // its group, in case there is no /proc
  const auto processes = all_processes();
  std::vector<pid_t> ours = {getpid()};
  for (std::size_t next = 0; next < ours.size(); ++next) {
    const pid_t parent = ours[next];
    for (const auto& process : processes) {
      if (process.parent != parent) continue;
      ours.push_back(process.pid);
      kill(process.pid, signal);
    }
  }
}

// Reaps what has ended, and tells the parent of the program's own end. False once no child is left: as orphans become
// children of the guardian, nothing is left then.
bool reap(pid_t program) {
  while (true) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == program) send(control, &status, sizeof status, MSG_NOSIGNAL);
    if (pid == 0) return true;
    if (pid < 0 && errno != EINTR) return false;
  }
}

void end_descendants(pid_t program) {
  const auto start = Clock::now();
  signal_descendants(program, SIGTERM);
  signal_descendants(program, SIGCONT);  // what is stopped would not hear of it
  while (reap(program)) {
    if (Clock::now() - start >= time_to_end) signal_descendants(program, SIGKILL);
    poll(nullptr, 0, look_again_ms);
  }
}

void remove_folder(const std::string& path) {
  DIR* folder = path.empty() ? nullptr : opendir(path.c_str());
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
  rmdir(path.c_str());
}

// Moves descriptors to the numbers from 0 on and closes all others.
void keep_only(std::vector<int> descriptors) {
  for (int& descriptor : descriptors) descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 64);
  for (std::size_t i = 0; i < descriptors.size(); ++i) dup2(descriptors[i], static_cast<int>(i));
  close_range(static_cast<unsigned>(descriptors.size()), ~0U, 0);
}

[[noreturn]] void run_program(const ProgramToRun& program, pid_t guardian, const sigset_t& mask) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != guardian) _exit(127);
  fcntl(control, F_SETFD, FD_CLOEXEC);
  fcntl(start_error, F_SETFD, FD_CLOEXEC);
  for (const auto& [name, value] : program.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const auto& word : program.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  [[maybe_unused]] const auto written = write(start_error, &error, sizeof error);
  _exit(127);
}

// The guardian's life. It begins as a copy of a process with several threads of which only this one is left.
[[noreturn]] void guard(const ProgramToRun& program) {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "exec-guardian");  // not to be ended by a name that was meant for its parent
  signal(SIGCHLD, SIG_DFL);             // inherited as ignored, no end of a child would be told
  sigset_t every_signal, mask;
  sigfillset(&every_signal);
  sigprocmask(SIG_SETMASK, &every_signal, &mask);
  const pid_t guardian = getpid();
  const pid_t child = fork();
  if (child == 0) run_program(program, guardian, mask);
  if (child < 0) {
    const int error = errno;
    [[maybe_unused]] const auto written = write(start_error, &error, sizeof error);
    _exit(1);
  }
  keep_only({0, 0, 0, control});
  sigset_t of_children;
  sigemptyset(&of_children);
  sigaddset(&of_children, SIGCHLD);
  const int signals = signalfd(-1, &of_children, SFD_CLOEXEC | SFD_NONBLOCK);
  std::array<pollfd, 2> events = {{{control, POLLIN, 0}, {signals, POLLIN, 0}}};
  while (true) {
    poll(events.data(), events.size(), signals < 0 ? look_again_ms : -1);
    signalfd_siginfo ignored = {};
    while (signals >= 0 && read(signals, &ignored, sizeof ignored) > 0) {
    }
    reap(child);
    if (events[0].revents != 0) break;  // the parent wants the end, or has ended itself
  }
  end_descendants(child);
  remove_folder(program.folder);
  _exit(0);
}

Error cannot_start(const std::string& program, int error) {
  const std::string name = "the program \"" + excerpt(program) + "\" ";
  if (error == ENOENT) return usage_error(name + "was not found; give its path or a name that PATH leads to");
  if (error == EACCES) return usage_error(name + "may not be run; it must be a file with permission to execute");
  return device_error(name + "could not be started (" + std::generic_category().message(error) + ")");
}

struct Pipe {
  int read_end = -1, write_end = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
  return {ends[0], ends[1]};
}

}  // namespace

bool Ending::by_signal() const { return WIFSIGNALED(wait_status); }
int Ending::number() const { return by_signal() ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status); }

GuardedProcess::GuardedProcess(const ProgramToRun& program) {
  const auto nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  const auto output = make_pipe(), errors = make_pipe(), problems = make_pipe();
  std::array<int, 2> ends{};
  if (nothing < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
  guardian_ = fork();
  const int fork_error = errno;
  if (guardian_ == 0) {
    keep_only({nothing, output.write_end, errors.write_end, ends[1], problems.write_end});
    guard(program);
  }
  for (const int other : {nothing, output.write_end, errors.write_end, problems.write_end, ends[1]}) close(other);
  output_ = output.read_end;
  errors_ = errors.read_end;
  control_ = ends[0];
  for (const int pipe : {output_, errors_}) fcntl(pipe, F_SETFL, O_NONBLOCK);
  int problem = guardian_ < 0 ? fork_error : 0;
  if (problem == 0 && read(problems.read_end, &problem, sizeof problem) != sizeof problem) problem = 0;
  close(problems.read_end);
  if (problem == 0) return;
  end();
  throw cannot_start(program.command.front(), problem);
}

GuardedProcess::~GuardedProcess() { end(); }

std::optional<Ending> GuardedProcess::ended() {
  int status = 0;
  if (ending_ || control_ < 0) return ending_;
  const auto size = recv(control_, &status, sizeof status, MSG_DONTWAIT);
  if (size == sizeof status) ending_ = Ending{status};
  if (size == 0) ending_ = Ending{SIGKILL};  // the guardian was killed, and the program with it
  return ending_;
}

void GuardedProcess::end() {
  if (control_ >= 0) shutdown(control_, SHUT_WR);
  while (guardian_ > 0 && waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) {
  }
  ended();
  guardian_ = -1;
  for (int* descriptor : {&output_, &errors_, &control_}) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
  }
}

}  // namespace lrfind::platform
