#include <data/archive/temporary_file.hpp>

#include <lrfind/error.hpp>
#include <platform/read_at.hpp>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace lrfind::data {
namespace {

std::string chosen_folder() {
  const char* wanted = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nothing here changes it
  return wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
}

int open_without_name(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || errno == EACCES || errno == ENOENT) return file;
  std::string pattern = folder + "/lrfind-XXXXXX";  // some file systems know names only
  const int named = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(pattern.c_str());
  return named;
}

}  // namespace

TemporaryFile::~TemporaryFile() {
  if (file_ >= 0) ::close(file_);
}

void TemporaryFile::make(const std::string& what) {
  folder_ = chosen_folder();
  file_ = open_without_name(folder_);
  if (file_ < 0) {
    throw data_error(what + " has to be unpacked, and no temporary file can be made in '" + folder_ + "' (" +
                     std::strerror(errno) + "): set TMPDIR, or unpack it and give the folder");
  }
  struct statvfs room {};
  limit_ = most_bytes;
  if (::fstatvfs(file_, &room) == 0) limit_ = std::min(limit_, std::uint64_t{room.f_bavail} * room.f_frsize / 10 * 9);
}

std::uint64_t TemporaryFile::reserve(std::uint64_t bytes, const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (file_ < 0) make(what);
  if (bytes > limit_ - used_) {
    const bool room = limit_ < most_bytes;
    throw data_error(what + " unpacks to more than " + std::to_string(limit_ >> 20U) + " MiB, " +
                     (room ? "nine tenths of what is free in '" + folder_ + "': set TMPDIR to a folder with more, or "
                           : "which is the limit: ") +
                     "unpack it and give the folder");
  }
  const std::uint64_t at = used_;
  used_ += bytes;
  return at;
}

void TemporaryFile::write(std::uint64_t at, const void* bytes, std::size_t count, const std::string& what) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pwrite(file_, static_cast<const char*>(bytes) + done, count - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw data_error(what + " cannot be unpacked into a temporary file in '" + folder_ + "' (" +
                       std::strerror(errno) + "): set TMPDIR to a folder with more room, or unpack it yourself");
    }
    done += static_cast<std::size_t>(got);
  }
}

std::size_t TemporaryFile::read(std::uint64_t at, void* to, std::size_t count) const {
  return read_at(file_, at, to, count);
}

std::uint64_t TemporaryFile::bytes() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace lrfind::data
