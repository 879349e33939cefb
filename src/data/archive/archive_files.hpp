// Archives as folders: what they hold has paths below the archive's own, "photos.zip/cats/1.jpg", and is told as
// "photos.zip: cats/1.jpg".
#pragma once

#include <data/archive/archive.hpp>
#include <data/dataset/files.hpp>

#include <memory>
#include <string>
#include <vector>

namespace lrfind::data {

/// An archive, and where it is put.
struct ArchivePart {
  std::string path;   ///< of the archive, as it is told
  std::string below;  ///< of the root: empty, or with a trailing slash
  std::shared_ptr<const Archive> archive;
  std::vector<ArchiveEntry> entries;
};

class ArchiveFiles : public Files {
 public:
  /// The archives' entries below the folder `root` (no trailing slash), all together where they are put at one place.
  /// Throws Error (data) where two files have one path, or a file has the path of a folder.
  ArchiveFiles(std::string root, std::vector<ArchivePart> parts);

  Kind kind(const std::string& path) const override;
  bool each_entry(const std::string& folder, const Visit& visit) const override;
  std::optional<FolderId> id(const std::string& folder) const override;
  std::uint64_t bytes(const std::string& path) const override;
  std::string read(const std::string& path, std::vector<std::uint8_t>& buffer) const override;
  std::string read(const std::string& path, std::string& text, std::uint64_t most_bytes) const override;
  int open(const std::string& path) const override;
  std::string told(std::string text) const override;

 private:
  struct Item {
    ArchiveEntry entry;  // its path begins at the root
    std::uint32_t part = 0;
  };

  void require_one_meaning() const;
  std::optional<std::string> inner_path(const std::string& path) const;
  const Item* find(const std::string& path) const;
  std::size_t first_from(std::string_view inner) const;
  bool has_below(const std::string& inner) const;

  std::string root_;
  std::vector<ArchivePart> parts_;
  std::vector<Item> items_;  // sorted by path
};

}  // namespace lrfind::data
