// Directory listings: names and kinds of entries, sorted, so that nothing depends on the file system's order.
#pragma once

#include <data/dataset/files.hpp>

#include <cstddef>
#include <cstdint>
#include <lrfind/error.hpp>
#include <map>
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

/// Lists one folder ("" is not one; a trailing slash is needed). Throws Error (data) when the folder cannot be read.
Listing list_folder(const Files& files, const std::string& folder);

/// Lower-case extensions with their dot (".heic"; "" for none), and how many files have each.
using FileKinds = std::map<std::string, std::size_t>;

FileKinds kinds_of(const std::vector<std::string>& names);

/// Extensions of pictures that people have and that are not read (".heic"): to leave these out is worth more words than
/// to leave out a text.
bool is_unread_picture(const std::string& extension);

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
  FileKinds other_kinds;  ///< of the ignored files
};

/// Walks a folder (trailing slash) and everything below it. A folder that is reached again through symlinks, or that is
/// one of `outer`, is not entered a second time. `listing` is the folder's own where it is known already.
ClassFiles scan_class(const Files& files, const std::string& folder, const std::vector<std::string>& outer,
                      const Listing* listing = nullptr);

/// Whether there is a picture at any depth, of a kind that is read or not: looks no further than the first. Folders of
/// `outer` and those that cannot be read are not entered.
bool holds_pictures(const Files& files, const std::string& folder, const std::vector<std::string>& outer);

}  // namespace lrfind::data
