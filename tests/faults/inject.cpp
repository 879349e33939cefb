// Preloaded into the real program: counts the calls of chosen functions of the C library and makes one of them fail, or
// sends the process a signal at it. faults.py sets the environment and says what must hold.
//
//   LRFIND_FAULT=write:3:28          the third write() returns -1 with errno 28
//   LRFIND_FAULT=write:3+:28         so does every later one
//   LRFIND_FAULT=write:3:signal9     the process gets signal 9 when it is about to write for the third time
//   LRFIND_FAULT=write:3:short       the third write() writes one byte less than it could, at least one
//   LRFIND_FAULT=malloc65536:3:12    the third allocation of at least 65536 bytes fails; the same for mmapBYTES
//   LRFIND_FAULT_COUNTS=FILE         at the end, the name and number of calls of each function, one a line
//   LRFIND_FAULT_FIRED=FILE          is made when the fault happens
//
// Calls inside the C library do not pass here. Programs that the program starts get none of it.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// What glibc's own malloc is called beside its public name: looking it up with dlsym() would allocate.
extern "C" {
void* __libc_malloc(size_t);            // NOLINT
void* __libc_calloc(size_t, size_t);    // NOLINT
void* __libc_realloc(void*, size_t);    // NOLINT
void* __libc_memalign(size_t, size_t);  // NOLINT
}

namespace {

constexpr std::size_t longest_name = 24;
constexpr std::size_t most_names = 96;

struct Counter {
  std::array<char, longest_name> name{};
  std::atomic<long> calls{0};
};

// Plain arrays: whatever is called here may be called before any constructor ran.
std::array<Counter, most_names> counters;
std::atomic<std::size_t> named{0};

enum class Kind { none, error, signal, shorter };

struct Fault {
  std::array<char, longest_name> name{};
  std::size_t least_bytes = 0;
  long at = 0;
  bool from_then_on = false;
  Kind kind = Kind::none;
  int number = 0;
};

Fault fault;
std::atomic<long> fault_calls{0};
std::array<char, 4096> counts_file{};
std::array<char, 4096> fired_file{};

void keep(std::array<char, 4096>& place, const char* name) {
  if (const char* value = std::getenv(name); value != nullptr) std::strncpy(place.data(), value, place.size() - 1);
  unsetenv(name);
}

void read_fault(const char* text) {
  const char* colon = std::strchr(text, ':');
  if (colon == nullptr) return;
  std::size_t length = 0;
  while (text + length < colon && length + 1 < longest_name && (text[length] < '0' || text[length] > '9')) ++length;
  std::memcpy(fault.name.data(), text, length);
  // A digit in the middle belongs to the name (dup2); at the end of malloc and mmap it is a size.
  if (std::strcmp(fault.name.data(), "malloc") == 0 || std::strcmp(fault.name.data(), "mmap") == 0) {
    fault.least_bytes = std::strtoull(text + length, nullptr, 10);
  } else {
    length = std::min<std::size_t>(static_cast<std::size_t>(colon - text), longest_name - 1);
    std::memcpy(fault.name.data(), text, length);
  }
  char* end = nullptr;
  fault.at = std::strtol(colon + 1, &end, 10);
  if (*end == '+') {
    fault.from_then_on = true;
    ++end;
  }
  if (*end != ':') return;
  const char* what = end + 1;
  if (std::strncmp(what, "signal", 6) == 0) {
    fault.kind = Kind::signal;
    fault.number = std::atoi(what + 6);
  } else if (std::strcmp(what, "short") == 0) {
    fault.kind = Kind::shorter;
  } else {
    fault.kind = Kind::error;
    fault.number = std::atoi(what);
  }
}

__attribute__((constructor)) void begin() {
  keep(counts_file, "LRFIND_FAULT_COUNTS");
  keep(fired_file, "LRFIND_FAULT_FIRED");
  if (const char* text = std::getenv("LRFIND_FAULT"); text != nullptr) read_fault(text);
  unsetenv("LRFIND_FAULT");
  unsetenv("LD_PRELOAD");
}

// System calls, not functions: those are counted.
void make_file(const char* path, const char* text) {
  const long file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  syscall(SYS_write, file, text, std::strlen(text));
  syscall(SYS_close, file);
}

__attribute__((destructor)) void end() {
  if (counts_file[0] == '\0') return;
  for (std::size_t i = 0; i < named; ++i) {
    std::array<char, 64> line{};
    std::snprintf(line.data(), line.size(), "%s %ld\n", counters[i].name.data(), counters[i].calls.load());
    make_file(counts_file.data(), line.data());
  }
}

void count(const char* name) {
  for (std::size_t i = 0; i < most_names; ++i) {
    if (i == named.load()) {
      // Two threads may take the same place for two names; counting is for one run that chooses what to try.
      std::strncpy(counters[i].name.data(), name, longest_name - 1);
      ++named;
    }
    if (std::strcmp(counters[i].name.data(), name) == 0) {
      ++counters[i].calls;
      return;
    }
  }
}

// What happens at this call.
Kind now(const char* name, std::size_t bytes = 0) {
  if (counts_file[0] != '\0') count(name);
  if (fault.kind == Kind::none || std::strcmp(name, fault.name.data()) != 0 || bytes < fault.least_bytes) {
    return Kind::none;
  }
  const long call = ++fault_calls;
  if (call != fault.at && !(fault.from_then_on && call > fault.at)) return Kind::none;
  if (fired_file[0] != '\0' && call == fault.at) make_file(fired_file.data(), "fired\n");
  if (fault.kind == Kind::signal) {
    syscall(SYS_kill, syscall(SYS_getpid), fault.number);
    return Kind::none;
  }
  if (fault.kind == Kind::error) errno = fault.number;
  return fault.kind;
}

bool fails(const char* name, std::size_t bytes = 0) { return now(name, bytes) == Kind::error; }

// What a function is without us. Looked up before there are threads: dlsym() waits for a library that another thread is
// opening, and what that library calls when it begins may come by here.
template <typename Function>
class Real {
 public:
  constexpr explicit Real(const char* name) : name_(name) {}
  bool find() {
    function_ = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_));
    return function_ != nullptr;
  }
  Function* get() {
    if (function_ == nullptr) find();
    return function_;
  }

 private:
  const char* name_;
  Function* function_ = nullptr;
};

}  // namespace

// A function that returns `failed` with errno, or calls the real one.
#define LRFIND_FAULT(result, name, failed, parameters, arguments) \
  constinit Real<result parameters> real_##name(#name);           \
  const bool found_##name = real_##name.find();                   \
  extern "C" result name parameters {                             \
    if (fails(#name)) return failed;                              \
    return real_##name.get() arguments;                           \
  }

// The same for one whose return value is the error.
#define LRFIND_FAULT_RETURNED(result, name, parameters, arguments) \
  constinit Real<result parameters> real_##name(#name);            \
  const bool found_##name = real_##name.find();                    \
  extern "C" result name parameters {                              \
    if (fails(#name)) return errno;                                \
    return real_##name.get() arguments;                            \
  }

// open() and its kin take a mode only where a file may be made.
#define LRFIND_FAULT_OPEN(name, as, parameters, arguments) \
  extern "C" int name parameters {                         \
    if (fails(as)) return -1;                              \
    mode_t mode = 0;                                       \
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {            \
      va_list more;                                        \
      va_start(more, flags);                               \
      mode = va_arg(more, mode_t);                         \
      va_end(more);                                        \
    }                                                      \
    return static_cast<int>(syscall arguments);            \
  }

LRFIND_FAULT_OPEN(open, "open", (const char* path, int flags, ...), (SYS_openat, AT_FDCWD, path, flags, mode))
LRFIND_FAULT_OPEN(open64, "open", (const char* path, int flags, ...), (SYS_openat, AT_FDCWD, path, flags, mode))
LRFIND_FAULT_OPEN(openat, "openat", (int folder, const char* path, int flags, ...),
                  (SYS_openat, folder, path, flags, mode))
LRFIND_FAULT_OPEN(openat64, "openat", (int folder, const char* path, int flags, ...),
                  (SYS_openat, folder, path, flags, mode))

LRFIND_FAULT(FILE*, fopen, nullptr, (const char* path, const char* mode), (path, mode))
LRFIND_FAULT(FILE*, fopen64, nullptr, (const char* path, const char* mode), (path, mode))
LRFIND_FAULT(FILE*, fdopen, nullptr, (int fd, const char* mode), (fd, mode))
LRFIND_FAULT(ssize_t, read, -1, (int fd, void* buffer, size_t bytes), (fd, buffer, bytes))
LRFIND_FAULT(ssize_t, pread, -1, (int fd, void* buffer, size_t bytes, off_t at), (fd, buffer, bytes, at))
LRFIND_FAULT(int, fsync, -1, (int fd), (fd))
LRFIND_FAULT(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
LRFIND_FAULT(int, fchown, -1, (int fd, uid_t user, gid_t group), (fd, user, group))
LRFIND_FAULT(int, ftruncate, -1, (int fd, off_t bytes), (fd, bytes))
LRFIND_FAULT(int, ftruncate64, -1, (int fd, off64_t bytes), (fd, bytes))
LRFIND_FAULT(off_t, lseek, -1, (int fd, off_t at, int from), (fd, at, from))
LRFIND_FAULT(off64_t, lseek64, -1, (int fd, off64_t at, int from), (fd, at, from))
LRFIND_FAULT(int, rename, -1, (const char* from, const char* to), (from, to))
LRFIND_FAULT(int, link, -1, (const char* from, const char* to), (from, to))
LRFIND_FAULT(int, symlink, -1, (const char* from, const char* to), (from, to))
LRFIND_FAULT(int, unlink, -1, (const char* path), (path))
LRFIND_FAULT(int, mkdir, -1, (const char* path, mode_t mode), (path, mode))
LRFIND_FAULT(char*, mkdtemp, nullptr, (char* path), (path))
LRFIND_FAULT(int, mkstemp, -1, (char* path), (path))
LRFIND_FAULT(DIR*, opendir, nullptr, (const char* path), (path))
LRFIND_FAULT(DIR*, fdopendir, nullptr, (int fd), (fd))
LRFIND_FAULT(dirent*, readdir, nullptr, (DIR * folder), (folder))
LRFIND_FAULT(dirent64*, readdir64, nullptr, (DIR * folder), (folder))
LRFIND_FAULT(int, stat, -1, (const char* path, struct stat* status), (path, status))
LRFIND_FAULT(int, stat64, -1, (const char* path, struct stat64* status), (path, status))
LRFIND_FAULT(int, lstat, -1, (const char* path, struct stat* status), (path, status))
LRFIND_FAULT(int, lstat64, -1, (const char* path, struct stat64* status), (path, status))
LRFIND_FAULT(int, fstat, -1, (int fd, struct stat* status), (fd, status))
LRFIND_FAULT(int, fstat64, -1, (int fd, struct stat64* status), (fd, status))
LRFIND_FAULT(int, fstatat, -1, (int fd, const char* path, struct stat* status, int flags), (fd, path, status, flags))
LRFIND_FAULT(int, fstatat64, -1, (int fd, const char* path, struct stat64* status, int flags),
             (fd, path, status, flags))
LRFIND_FAULT(int, statx, -1, (int fd, const char* path, int flags, unsigned mask, struct statx* status),
             (fd, path, flags, mask, status))
LRFIND_FAULT(int, statvfs, -1, (const char* path, struct statvfs* status), (path, status))
LRFIND_FAULT(int, statvfs64, -1, (const char* path, struct statvfs64* status), (path, status))
LRFIND_FAULT(int, access, -1, (const char* path, int mode), (path, mode))
LRFIND_FAULT(ssize_t, readlink, -1, (const char* path, char* to, size_t bytes), (path, to, bytes))
LRFIND_FAULT(char*, realpath, nullptr, (const char* path, char* to), (path, to))
LRFIND_FAULT(char*, getcwd, nullptr, (char* to, size_t bytes), (to, bytes))
LRFIND_FAULT(int, gethostname, -1, (char* to, size_t bytes), (to, bytes))
LRFIND_FAULT(int, pipe, -1, (int* ends), (ends))
LRFIND_FAULT(int, pipe2, -1, (int* ends, int flags), (ends, flags))
LRFIND_FAULT(int, socket, -1, (int domain, int type, int protocol), (domain, type, protocol))
LRFIND_FAULT(int, dup, -1, (int fd), (fd))
LRFIND_FAULT(int, dup2, -1, (int from, int to), (from, to))
LRFIND_FAULT(int, dup3, -1, (int from, int to, int flags), (from, to, flags))
LRFIND_FAULT(int, close, (static_cast<void>(syscall(SYS_close, fd)), -1), (int fd), (fd))
LRFIND_FAULT(int, memfd_create, -1, (const char* name, unsigned flags), (name, flags))
LRFIND_FAULT(pid_t, fork, -1, (), ())
LRFIND_FAULT(pid_t, waitpid, -1, (pid_t child, int* status, int options), (child, status, options))
LRFIND_FAULT(int, sched_getaffinity, -1, (pid_t process, size_t bytes, cpu_set_t* set), (process, bytes, set))
LRFIND_FAULT(int, sched_setaffinity, -1, (pid_t process, size_t bytes, const cpu_set_t* set), (process, bytes, set))
LRFIND_FAULT(int, sigaction, -1, (int number, const struct sigaction* action, struct sigaction* old),
             (number, action, old))
LRFIND_FAULT(int, munmap, -1, (void* start, size_t bytes), (start, bytes))
LRFIND_FAULT(long, sysconf, -1, (int name), (name))
LRFIND_FAULT_RETURNED(int, pthread_create,
                      (pthread_t * thread, const pthread_attr_t* attributes, void* (*work)(void*), void* with),
                      (thread, attributes, work, with))
LRFIND_FAULT_RETURNED(int, posix_spawn,
                      (pid_t * child, const char* path, const posix_spawn_file_actions_t* actions,
                       const posix_spawnattr_t* attributes, char* const* arguments, char* const* variables),
                      (child, path, actions, attributes, arguments, variables))
LRFIND_FAULT_RETURNED(int, posix_spawnp,
                      (pid_t * child, const char* path, const posix_spawn_file_actions_t* actions,
                       const posix_spawnattr_t* attributes, char* const* arguments, char* const* variables),
                      (child, path, actions, attributes, arguments, variables))

extern "C" int fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  if (fails("fcntl")) return -1;
  return static_cast<int>(syscall(SYS_fcntl, fd, command, argument));
}
extern "C" int fcntl64(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  if (fails("fcntl")) return -1;
  return static_cast<int>(syscall(SYS_fcntl, fd, command, argument));
}

extern "C" ssize_t write(int fd, const void* buffer, size_t bytes) {
  const Kind kind = now("write");
  if (kind == Kind::error) return -1;
  if (kind == Kind::shorter && bytes > 1) --bytes;
  return syscall(SYS_write, fd, buffer, bytes);
}

extern "C" ssize_t writev(int fd, const struct iovec* parts, int count_of_parts) {
  if (fails("write")) return -1;
  return syscall(SYS_writev, fd, parts, count_of_parts);
}

extern "C" void* mmap(void* start, size_t bytes, int protection, int flags, int fd, off_t at) {
  if (fails("mmap", bytes)) return MAP_FAILED;
  return reinterpret_cast<void*>(syscall(SYS_mmap, start, bytes, protection, flags, fd, at));
}
extern "C" void* mmap64(void* start, size_t bytes, int protection, int flags, int fd, off64_t at) {
  if (fails("mmap", bytes)) return MAP_FAILED;
  return reinterpret_cast<void*>(syscall(SYS_mmap, start, bytes, protection, flags, fd, at));
}

extern "C" void* malloc(size_t bytes) { return fails("malloc", bytes) ? nullptr : __libc_malloc(bytes); }
extern "C" void* calloc(size_t count_of, size_t bytes) {
  return fails("malloc", count_of * bytes) ? nullptr : __libc_calloc(count_of, bytes);
}
extern "C" void* realloc(void* old, size_t bytes) {
  return fails("malloc", bytes) ? nullptr : __libc_realloc(old, bytes);
}
extern "C" void* memalign(size_t alignment, size_t bytes) {
  return fails("malloc", bytes) ? nullptr : __libc_memalign(alignment, bytes);
}
extern "C" void* aligned_alloc(size_t alignment, size_t bytes) {
  return fails("malloc", bytes) ? nullptr : __libc_memalign(alignment, bytes);
}
extern "C" int posix_memalign(void** to, size_t alignment, size_t bytes) {
  if (fails("malloc", bytes)) return ENOMEM;
  *to = __libc_memalign(alignment, bytes);
  return *to == nullptr ? ENOMEM : 0;
}
