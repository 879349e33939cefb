// A regular file is replaced in three steps: ".lrfind-HOST-PID-N.tmp" beside it is written and flushed, takes over the
// old file's permissions, and is renamed over it. The link chain is followed first, so that a link is not replaced.
#include "platform/write_file.hpp"
#include <lrfind/error.hpp>

#include "platform/abnormal_end.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <vector>

namespace lrfind::report {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw output_error("cannot write '" + path + "': " + why);
}

std::string cause(int error) {
  switch (error) {
    case ENOSPC:
      return "the disk is full";
    case EDQUOT:
      return "the disk quota is used up";
    case EROFS:
      return "the file system is read-only";
    case EACCES:
    case EPERM:
      return "permission denied";
    case ENOENT:
      return "no file can be made there";
    case ENAMETOOLONG:
      return "the name is too long";
    default:
      return std::generic_category().message(error);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

// Removes the file at the end unless it was kept.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!kept_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  void keep() { kept_ = true; }

 private:
  fs::path path_;
  bool kept_ = false;
};

// Waits until a descriptor that does not block (a program that started us may have set it so) takes more. False when it
// does not for some seconds.
bool waits_for_room(int fd, int& times) {
  constexpr int longest_ms = 8000;
  constexpr int most_times = 1000;  // what says that it is ready and is not
  if (++times > most_times) return false;
  pollfd ready{fd, POLLOUT, 0};
  return ::poll(&ready, 1, longest_ms) > 0;
}

// N for /dev/fd/N, /proc/self/fd/N and the named streams. Opening such a path anew would truncate the file behind it or
// fail on a socket, so the descriptor itself is written to.
std::optional<int> own_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return 1;
  if (path == "/dev/stderr") return platform::answered_on();
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!std::string_view(path).starts_with(folder)) continue;
    int fd = -1;
    const char* end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data() + folder.size(), end, fd);
    if (parsed.ec == std::errc() && parsed.ptr == end && fd >= 0) {
      return fd == STDERR_FILENO ? platform::answered_on() : fd;  // stderr lies elsewhere (command/console.hpp)
    }
  }
  return std::nullopt;
}

// Where the links of `path` lead, also when nothing is there yet.
fs::path followed(const std::string& path) {
  constexpr int most_links = 40;  // as Linux's path_resolution(7)
  fs::path target = path;
  for (int links = 0; links < most_links; ++links) {
    std::error_code error;
    const fs::path next = fs::read_symlink(target, error);
    if (error) return target;
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  fail(path, "its symbolic links lead in a circle");
}

fs::path folder_of(const fs::path& target) {
  const fs::path folder = target.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

struct Target {
  fs::path path;
  bool exists = false;
  bool regular = true;
  struct stat status {};
};

Target examine(const std::string& path) {
  if (path.empty()) throw output_error("cannot write to a file with an empty name");
  Target target{followed(path)};
  if (::stat(target.path.c_str(), &target.status) == 0) {
    target.exists = true;
    target.regular = S_ISREG(target.status.st_mode);
    if (S_ISDIR(target.status.st_mode)) fail(path, "it is a folder; name a file in it");
    return target;
  }
  if (errno != ENOENT && errno != ENOTDIR) fail(path, cause(errno));
  struct stat folder {};
  if (target.path.filename().empty()) fail(path, "it names a folder; name a file in it");
  if (::stat(folder_of(target.path).c_str(), &folder) != 0) {
    if (errno == ENOENT) fail(path, "the folder '" + folder_of(target.path).string() + "' does not exist");
    if (errno != ENOTDIR) fail(path, cause(errno));
  } else if (S_ISDIR(folder.st_mode)) {
    return target;
  }
  fail(path, "'" + folder_of(target.path).string() + "' is not a folder");
}

// /dev/full (Linux, Documentation/admin-guide/devices.txt).
void refuse_full(const std::string& path, const struct stat& status) {
  if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 7)) fail(path, cause(ENOSPC));
}

struct Opened {
  fs::path path;
  int fd = -1;
};

// ".lrfind-HOST-": files of other machines that share the folder are theirs.
std::string temporary_prefix() {
  char host[HOST_NAME_MAX + 1] = "";
  ::gethostname(host, sizeof host - 1);
  std::string name = host;
  std::replace(name.begin(), name.end(), '/', '_');
  return ".lrfind-" + name + "-";
}

// Files of processes that were killed while they wrote.
void remove_left_behind(const fs::path& folder) {
  const std::string prefix = temporary_prefix();
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".tmp")) continue;
    int process = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, process);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != '-' || process <= 0) continue;
    // We have none yet, but in a container every process may get our number.
    if (process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH)) ::unlink(entry->path().c_str());
  }
}

// The first time that something is written into a folder.
void remove_left_behind_once(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<fs::path> looked_at;
  const std::lock_guard lock(mutex);
  if (looked_at.insert(folder).second) remove_left_behind(folder);
}

Opened open_temporary(const std::string& path, const fs::path& folder) {
  static std::atomic<unsigned> counter = 0;
  remove_left_behind_once(folder);
  for (;;) {
    const std::string name = temporary_prefix() + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
    fs::path temporary = folder / name;
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return {std::move(temporary), fd};
    // Left by a killed process that had our number.
    if (errno != EEXIST) fail(path, cause(errno));
  }
}

void write_through(const std::string& path, const fs::path& target, std::string_view contents) {
  const Descriptor file(::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) fail(path, cause(errno));
  if (const int error = write_to_descriptor(file.get(), contents); error != 0) fail(path, cause(error));
}

void replace(const std::string& path, const Target& target, std::string_view contents) {
  const fs::path folder = folder_of(target.path);
  const Opened opened = open_temporary(path, folder);
  Temporary temporary(opened.path);
  Descriptor file(opened.fd);
  if (const int error = write_to_descriptor(file.get(), contents); error != 0) fail(path, cause(error));
  if (target.exists) {
    // Owner and mode are kept where the system lets us; a file of our own is good enough where not.
    (void)!::fchown(file.get(), target.status.st_uid, target.status.st_gid);
    (void)!::fchmod(file.get(), target.status.st_mode & 07777);
  }
  // EINVAL: a file system that has nothing to flush.
  if (::fsync(file.get()) != 0 && errno != EINVAL) fail(path, cause(errno));
  if (file.close() != 0) fail(path, cause(errno));
  if (::rename(opened.path.c_str(), target.path.c_str()) != 0) fail(path, cause(errno));
  temporary.keep();
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() >= 0) ::fsync(parent.get());
}

}  // namespace

int write_to_descriptor(int fd, std::string_view contents) {
  int waits = 0;
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN && waits_for_room(fd, waits)) continue;
    if (written < 0) return errno;
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void write_file(const std::string& path, std::string_view contents) {
  if (const auto fd = own_descriptor(path)) {
    if (const int error = write_to_descriptor(*fd, contents); error != 0) fail(path, cause(error));
    return;
  }
  const Target target = examine(path);
  if (target.regular) {
    replace(path, target, contents);
  } else {
    write_through(path, target.path, contents);
  }
}

namespace {

// Written straight: where renaming and flushing fail, this may still succeed. Nothing when it does not.
std::optional<std::string> write_new_file(const fs::path& folder, const std::string& name, std::string_view contents) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string unique =
        "lrfind-" + std::to_string(::getpid()) + "-" + (attempt == 0 ? "" : std::to_string(attempt) + "-");
    const fs::path path = folder / (unique + name);
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.get() < 0 && errno == EEXIST) continue;
    if (file.get() < 0) return std::nullopt;
    if (write_to_descriptor(file.get(), contents) == 0 && file.close() == 0) return path.string();
    ::unlink(path.c_str());
    return std::nullopt;
  }
  return std::nullopt;
}

// Where what cannot be written at its place may go, the best first.
std::vector<fs::path> other_folders() {
  std::vector<fs::path> folders;
  std::error_code none;
  if (fs::path chosen = fs::temp_directory_path(none); !none) folders.push_back(std::move(chosen));
  folders.insert(folders.end(), {"/tmp", "/var/tmp", "/dev/shm"});
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') folders.emplace_back(home);
  return folders;
}

}  // namespace

std::optional<Error> write_file_or_elsewhere(const std::string& path, std::string_view contents,
                                             const std::string& name) {
  try {
    write_file(path, contents);
    return std::nullopt;
  } catch (const Error& error) {
    for (const fs::path& folder : other_folders()) {
      if (const auto place = write_new_file(folder, name.empty() ? fs::path(path).filename().string() : name, contents))
        return output_error(std::string(error.what()) + "; it is in '" + *place + "' instead");
    }
    constexpr int standard_output = 1;
    if (own_descriptor(path) != standard_output && write_to_descriptor(standard_output, contents) == 0)
      return output_error(std::string(error.what()) + ", nor anywhere else; it is on stdout instead");
    return output_error(std::string(error.what()) + ", nor anywhere else");
  }
}

void check_writable(const std::string& path, std::size_t expected_bytes) {
  if (const auto fd = own_descriptor(path)) {
    const int mode = ::fcntl(*fd, F_GETFL);
    if (mode < 0) fail(path, "it is not open");
    if ((mode & O_ACCMODE) == O_RDONLY) fail(path, "it is not open for writing");
    struct stat status {};
    if (::fstat(*fd, &status) == 0) refuse_full(path, status);
    return;
  }
  const Target target = examine(path);
  if (!target.regular) {
    if (::access(target.path.c_str(), W_OK) != 0) fail(path, cause(errno));
    refuse_full(path, target.status);
    return;
  }
  if (target.exists && ::access(target.path.c_str(), W_OK) != 0) fail(path, cause(errno));
  if (target.path.filename().string().size() > NAME_MAX) fail(path, cause(ENAMETOOLONG));
  struct statvfs room {};
  if (::statvfs(folder_of(target.path).c_str(), &room) == 0 && room.f_blocks > 0 &&
      static_cast<unsigned long long>(room.f_bavail) * room.f_frsize < expected_bytes) {
    fail(path, cause(ENOSPC));
  }
  // Permissions, read-only mounts, quotas: the sure way to know is to do it.
  const Opened opened = open_temporary(path, folder_of(target.path));
  const Temporary temporary(opened.path);
  const Descriptor file(opened.fd);
  const std::vector<char> sample(std::min<std::size_t>(expected_bytes, 65536));
  if (const int error = write_to_descriptor(file.get(), {sample.data(), sample.size()}); error != 0)
    fail(path, cause(error));
}

}  // namespace lrfind::report
