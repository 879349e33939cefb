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

}  // namespace

std::string read_file(const std::string& path, std::vector<std::uint8_t>& buffer) {
  constexpr std::int64_t max_bytes = std::int64_t{1} << 30U;
  const File file(path);
  if (file.descriptor < 0) return system_error("cannot be opened");
  struct stat status {};
  if (::fstat(file.descriptor, &status) != 0) return system_error("cannot be read");
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (status.st_size > max_bytes) {
    return "has " + std::to_string(status.st_size) + " bytes, more than the limit of " + std::to_string(max_bytes);
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

}  // namespace lrfind::data
