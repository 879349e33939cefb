#include "platform/read_at.hpp"

#include <unistd.h>

#include <cerrno>

namespace lrfind {

std::size_t read_at(int file, std::uint64_t at, void* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(file, static_cast<char*>(to) + done, count - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace lrfind
