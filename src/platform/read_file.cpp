#include <platform/read_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lrfind::data {
namespace {

struct File {
  int descriptor;
  explicit File(const std::string& path) : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

std::string system_error(const std::string& action) { return action + " (" + std::strerror(errno) + ")"; }

std::string kind_problem(mode_t mode) {
  if (S_ISREG(mode)) return {};
  return S_ISDIR(mode) ? "is a folder" : "is not a regular file";
}

template <typename Buffer>
std::string read_whole(const std::string& path, Buffer& buffer, std::uint64_t most_bytes) {
  const File file(path);
  if (file.descriptor < 0) return system_error("cannot be opened");
  struct stat status {};
  if (::fstat(file.descriptor, &status) != 0) return system_error("cannot be read");
  if (std::string problem = kind_problem(status.st_mode); !problem.empty()) return problem;
  if (static_cast<std::uint64_t>(status.st_size) > most_bytes) {
    return "has " + std::to_string(status.st_size) + " bytes, more than the limit of " + std::to_string(most_bytes);
  }
  buffer.resize(static_cast<std::size_t>(status.st_size));
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = ::read(file.descriptor, buffer.data() + done, buffer.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot be read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  buffer.resize(done);
  return {};
}

}  // namespace

std::string read_file(const std::string& path, std::vector<std::uint8_t>& buffer) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30U;
  return read_whole(path, buffer, most_bytes);
}

std::string read_file(const std::string& path, std::string& text, std::uint64_t most_bytes) {
  return read_whole(path, text, most_bytes);
}

std::string no_regular_file(const std::string& path) {
  struct stat status {};
  // What is not there is for whoever opens it to say.
  return ::stat(path.c_str(), &status) == 0 ? kind_problem(status.st_mode) : std::string();
}

}  // namespace lrfind::data
