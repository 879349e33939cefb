// Archives as they are kept: their entries, and the bytes of each, read where they lie.
//
//   .zip                            stored or deflated entries, found by the central directory
//   (platform/zip_archive.hpp) .tar                            an index of offsets, made in one pass over the headers
//   .tar.gz, .bz2, .xz, .zst, .lz4  unpacked once into a temporary file without a name, which is gone when the program
//   is
#pragma once

#include <data/archive/temporary_file.hpp>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

struct ArchiveEntry {
  std::string path;         ///< without a slash at either end, and without "." and ".." on the way
  bool folder = false;      ///< else a file
  std::uint64_t bytes = 0;  ///< of the content
  std::uint64_t place = 0;  ///< for the archive alone
};

/// Thread-safe.
class Archive {
 public:
  Archive() = default;
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  virtual ~Archive() = default;

  /// In any order; no two files of one path.
  virtual std::vector<ArchiveEntry> take_entries() = 0;
  /// Reads an entry's content. Returns the error as one clause, empty when it was read.
  virtual std::string read(const ArchiveEntry& entry, std::vector<std::uint8_t>& buffer) const = 0;
  /// "zip", "tar", "tar.gz", ...
  virtual std::string kind() const = 0;
};

/// Whether a file's name says that it is one of these, in any case.
bool is_archive_name(std::string_view name);
/// Of those, a tar, compressed or not: what shards are.
bool is_tar_name(std::string_view name);

/// Enough of a file's bytes to tell what it is; empty where it cannot be read.
std::string first_bytes(const std::string& path);

/// Whether the file begins as one of these archives does.
bool is_archive(const std::string& path);

/// Opens an archive and reads what it holds. What has to be unpacked goes to `unpacked`, which several archives may
/// share. Throws Error (data): archives that are damaged, cut off, encrypted or unpack to more than could be images,
/// and entries that are links, lead out of the archive, have no name in UTF-8 or the name of another; Interrupted.
std::unique_ptr<Archive> open_archive(const std::string& path, const std::shared_ptr<TemporaryFile>& unpacked,
                                      const std::stop_token& stop);

}  // namespace lrfind::data
