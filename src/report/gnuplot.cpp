// The script, the picture and the complaints are files in memory: no pipe can fill up and no signal comes of a gnuplot
// that ended early.
#include "report/gnuplot.hpp"
#include <lrfind/error.hpp>

#include "analysis/text.hpp"
#include "platform/text.hpp"
#include "platform/write_file.hpp"
#include "report/text.hpp"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <thread>

extern char** environ;  // NOLINT: POSIX names it so

namespace lrfind::report {
namespace {

class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("lrfind", MFD_CLOEXEC)) {
    if (fd_ < 0) throw output_error("cannot draw the picture: no memory file could be made");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }

  void fill(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) throw output_error("cannot draw the picture: out of memory");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(fd_, 0, SEEK_SET);
  }

  std::string contents() const {
    std::string text;
    std::array<char, 65536> buffer{};
    for (off_t at = 0;;) {
      const ssize_t got = ::pread(fd_, buffer.data(), buffer.size(), at);
      if (got <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      at += got;
    }
  }

 private:
  int fd_;
};

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void connect(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// gnuplot echoes the line, points at the place with '^' and then says what is wrong as `"-" line 3: ...`.
std::string first_complaint(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    if (line.find(" line ") != std::string::npos && line.find(": ") != std::string::npos) return printable(line);
    if (line.find_first_not_of(" \t^") != std::string::npos) last = line;
  }
  return last.empty() ? "it gave no reason" : printable(last);
}

[[noreturn]] void refuse(int error) {
  if (error == ENOENT) {
    throw output_error("cannot draw the picture: gnuplot is not installed (Debian: apt-get install gnuplot-nox)");
  }
  throw output_error("cannot draw the picture: the machine did not start gnuplot (" +
                     std::generic_category().message(error) + ")");
}

// How gnuplot ended. One that does not end, as with a file system that does not answer, is ended.
int status_of(pid_t child) {
  constexpr auto longest = std::chrono::seconds(60);  // a picture of a million points takes 5
  const auto end = std::chrono::steady_clock::now() + longest;
  auto pause = std::chrono::milliseconds(1);
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return status;
    if (std::chrono::steady_clock::now() > end) {
      ::kill(child, SIGKILL);
      while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      throw output_error("cannot draw the picture: gnuplot did not end within " + std::to_string(longest.count()) +
                         " s");
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(20));
  }
}

}  // namespace

std::optional<std::string> gnuplot_terminal(const std::string& path, int width, int height) {
  const std::string extension = lower_case(std::filesystem::path(path).extension().string());
  const std::string w = std::to_string(width);
  const std::string h = std::to_string(height);
  if (extension == ".png") {
    const std::string twice = std::to_string(2 * width) + "," + std::to_string(2 * height);
    return "set terminal pngcairo enhanced size " + twice +
           " fontscale 2 linewidth 2 pointscale 2 font 'Sans,11' background '#ffffff'\n";
  }
  if (extension == ".svg") {
    return "set terminal svg enhanced size " + w + "," + h + " font 'Sans,13' background '#ffffff'\n";
  }
  if (extension == ".pdf") {
    return "set terminal pdfcairo enhanced size " + std::to_string(width / 96.0) + "in," +
           std::to_string(height / 96.0) + "in font 'Sans,12' linewidth 1 pointscale 0.6\n";
  }
  return std::nullopt;
}

bool gnuplot_installed() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  std::string folder;
  while (std::getline(folders, folder, ':')) {
    if (folder.empty()) folder.push_back('.');
    folder += "/gnuplot";
    if (::access(folder.c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string gnuplot_quoted(std::string_view text) {
  std::string literal(1, '\'');
  for (const char c : printable(text)) {
    if (c == '\'') literal += c;
    literal += c;
  }
  literal += '\'';
  return literal;
}

std::string gnuplot_data(std::string_view name, const std::vector<std::span<const double>>& columns) {
  std::string text;
  text.append("$").append(name).append(" << EOD\n");
  const std::size_t rows = columns.empty() ? 0 : columns[0].size();
  for (std::size_t row = 0; row < rows; ++row) {
    for (const auto& column : columns) {
      text += std::isfinite(column[row]) ? analysis::exact(column[row]) : "NaN";
      text += ' ';
    }
    text += '\n';
  }
  return text + "EOD\n";
}

std::string run_gnuplot(const std::string& script) {
  const MemoryFile input;
  const MemoryFile output;
  const MemoryFile complaints;
  input.fill(script);
  Actions actions;
  actions.connect(input.fd(), STDIN_FILENO);
  actions.connect(output.fd(), STDOUT_FILENO);
  actions.connect(complaints.fd(), STDERR_FILENO);
  std::string program = "gnuplot";
  std::string defaults = "--default-settings";  // not the person's ~/.gnuplot
  const std::array<char*, 3> arguments = {program.data(), defaults.data(), nullptr};
  pid_t child = 0;
  if (const int error = ::posix_spawnp(&child, "gnuplot", actions.get(), nullptr, arguments.data(), environ);
      error != 0) {
    refuse(error);
  }
  const int status = status_of(child);
  std::string picture = output.contents();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || picture.empty()) {
    throw output_error("cannot draw the picture: gnuplot failed: " + first_complaint(complaints.contents()));
  }
  return picture;
}

}  // namespace lrfind::report
