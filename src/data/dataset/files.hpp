// The files of a dataset wherever they are: on disk, or inside archives that stand for folders.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lrfind::data {

/// Thread-safe. Paths of folders may end with a slash.
class Files {
 public:
  enum class Kind { none, folder, file, other };
  /// The same for all paths that lead to one folder.
  using FolderId = std::pair<dev_t, ino_t>;
  /// Is told an entry's name and kind; whether to go on.
  using Visit = std::function<bool(std::string_view name, Kind kind)>;

  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  virtual ~Files() = default;

  virtual Kind kind(const std::string& path) const = 0;
  bool is_file(const std::string& path) const { return kind(path) == Kind::file; }
  bool is_folder(const std::string& path) const { return kind(path) == Kind::folder; }

  /// Visits the entries of a folder but "." and "..", in any order. Links count as what they lead to; a link that leads
  /// nowhere counts as a file. False, with errno, where the folder cannot be opened. Throws Error (data) where it
  /// cannot be read to its end: images would be missing, and nobody would know.
  virtual bool each_entry(const std::string& folder, const Visit& visit) const = 0;

  /// Nothing where a folder can be reached by one path only.
  virtual std::optional<FolderId> id(const std::string& folder) const = 0;

  /// 0 for what is no file.
  virtual std::uint64_t bytes(const std::string& path) const = 0;

  /// Reads a whole file (read_file.hpp). Returns the error as one clause, empty when it was read.
  virtual std::string read(const std::string& path, std::vector<std::uint8_t>& buffer) const = 0;
  virtual std::string read(const std::string& path, std::string& text, std::uint64_t most_bytes) const = 0;

  /// A descriptor at the file's beginning, for a library that reads by itself; -1, with errno, where there is none.
  virtual int open(const std::string& path) const = 0;

  /// A path, or a text with paths in it, as it is told: "photos.zip: cats/1.jpg".
  virtual std::string told(std::string text) const = 0;
};

std::shared_ptr<const Files> files_on_disk();

}  // namespace lrfind::data
