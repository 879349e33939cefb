// The table of contents of a ZIP archive (APPNOTE.TXT 6.3.10), read before any library unpacks it: of a few bytes of
// archive a hostile one makes gigabytes, by packing zeros or by naming the same bytes as many entries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::platform {

struct ZipEntry {
  std::string name;
  std::uint64_t packed = 0;       ///< bytes in the archive
  std::uint64_t unpacked = 0;     ///< bytes that the archive declares
  std::uint64_t begin = 0;        ///< of the packed bytes
  bool deflated = false;          ///< else stored as it is
  std::uint32_t checksum = 0;     ///< CRC-32 of the content, 0 from some programs
  bool link = false;              ///< the content is the path that it leads to
  bool from_dos = false;          ///< written by a program of DOS or Windows
  std::string unicode_name = {};  ///< where the entry has a second name for readers that know no other encoding
};

class ZipArchive {
 public:
  enum class Problem { none, no_archive, damaged };

  /// Reads the table of contents; what is wrong is told by problem(). Throws nothing but std::bad_alloc.
  explicit ZipArchive(const std::string& path);
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;
  ~ZipArchive();

  /// damaged: it begins or ends as an archive does, but entries overlap, lie outside the file or contradict themselves.
  Problem problem() const { return problem_; }
  /// One clause where it is damaged: "holds entries that overlap".
  const std::string& reason() const { return reason_; }

  const std::vector<ZipEntry>& entries() const { return entries_; }
  std::uint64_t file_bytes() const { return size_; }
  /// What all entries together declare.
  std::uint64_t unpacked_bytes() const;

  /// An entry's content. Throws std::runtime_error with a clause where it is not what the table says.
  std::string content(const ZipEntry& entry) const;
  /// The same into a buffer whose capacity is kept. Safe to call from many threads at once.
  void read(const ZipEntry& entry, std::vector<std::uint8_t>& buffer) const;

 private:
  struct Directory;

  void read();
  Directory find_directory() const;
  void read_entries(const Directory& directory);
  void place_contents(std::vector<std::uint64_t> headers);
  std::string bytes(std::uint64_t at, std::uint64_t count) const;
  std::size_t read_at(std::uint64_t at, void* to, std::size_t count) const;
  template <typename Buffer>
  void read_into(const ZipEntry& entry, Buffer& buffer) const;

  int file_ = -1;
  std::uint64_t size_ = 0;
  std::vector<ZipEntry> entries_;
  Problem problem_ = Problem::none;
  std::string reason_;
};

}  // namespace lrfind::platform
