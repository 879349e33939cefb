// Room on disk for what cannot be read where it lies: a file that no folder names, in TMPDIR or /tmp. It is gone with
// the program, however that ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace lrfind::data {

/// Thread-safe. Nothing is made until something is added.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  /// The most that it takes: 32 GiB, and nine tenths of what is free where it lies.
  static constexpr std::uint64_t most_bytes = std::uint64_t{32} << 30U;

  /// Keeps room for that many bytes, for one writer; returns where it begins. Throws Error (data) beyond the limit;
  /// `what` begins the sentence.
  std::uint64_t reserve(std::uint64_t bytes, const std::string& what);
  void write(std::uint64_t at, const void* bytes, std::size_t count, const std::string& what);
  /// How many bytes were read.
  std::size_t read(std::uint64_t at, void* to, std::size_t count) const;

  std::uint64_t bytes() const;
  /// The folder that it lies in.
  const std::string& folder() const { return folder_; }

 private:
  void make(const std::string& what);

  mutable std::mutex mutex_;
  int file_ = -1;
  std::string folder_;
  std::uint64_t limit_ = 0;
  std::uint64_t used_ = 0;
};

}  // namespace lrfind::data
