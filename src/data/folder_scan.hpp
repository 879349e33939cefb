// Directory listings: names and kinds of entries, sorted, so that nothing depends on the file system's order.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

struct Listing {
  std::vector<std::string> folders;  ///< names, byte-wise sorted, hidden ones left out
  std::vector<std::string> images;   ///< names of image files, byte-wise sorted
  std::vector<std::string> others;   ///< names of other files, byte-wise sorted
  std::size_t hidden = 0;            ///< entries whose name starts with a dot
};

/// Lists one folder ("" is not one; a trailing slash is needed). Symlinks count as what they lead to; a link that leads
/// nowhere counts as a file. Throws DataError when the folder cannot be read.
Listing list_folder(const std::string& folder);

/// The images of one class at any depth.
struct ClassFiles {
  struct Folder {
    std::string path;   ///< with a trailing slash
    std::string names;  ///< one after the other
    std::vector<std::uint32_t> lengths;
  };
  std::vector<Folder> folders;  ///< sorted by path
  std::size_t images = 0;
  std::size_t ignored_files = 0;
  std::size_t hidden = 0;
};

/// Walks a folder (trailing slash) and everything below it. A folder that is reached again through symlinks, or that is
/// one of `outer`, is not entered a second time.
ClassFiles scan_class(const std::string& folder, const std::vector<std::string>& outer);

}  // namespace lrfind::data
