#include <data/folder_scan.hpp>

#include <data/error.hpp>
#include <data/image_header.hpp>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace lrfind::data {
namespace {

enum class Kind { folder, file, other };

Kind kind_of(const dirent& entry, const std::string& folder) {
  switch (entry.d_type) {
    case DT_REG:
      return Kind::file;
    case DT_DIR:
      return Kind::folder;
    case DT_LNK:
    case DT_UNKNOWN:
      break;  // only these need a look at the file itself
    default:
      return Kind::other;
  }
  struct stat status {};
  if (::stat((folder + entry.d_name).c_str(), &status) != 0) return Kind::file;  // reported when it is read
  return S_ISDIR(status.st_mode) ? Kind::folder : S_ISREG(status.st_mode) ? Kind::file : Kind::other;
}

using FolderId = std::pair<dev_t, ino_t>;

std::optional<FolderId> id_of(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
  return FolderId{status.st_dev, status.st_ino};
}

void scan(const std::string& folder, std::set<FolderId>& entered, ClassFiles& result) {
  const auto id = id_of(folder);
  if (id && !entered.insert(*id).second) return;
  const Listing listing = list_folder(folder);
  result.hidden += listing.hidden;
  result.ignored_files += listing.others.size();
  result.images += listing.images.size();
  if (!listing.images.empty()) {
    ClassFiles::Folder files{folder, {}, {}};
    std::size_t bytes = 0;
    for (const std::string& name : listing.images) bytes += name.size();
    files.names.reserve(bytes);
    files.lengths.reserve(listing.images.size());
    for (const std::string& name : listing.images) {
      files.names += name;
      files.lengths.push_back(static_cast<std::uint32_t>(name.size()));
    }
    result.folders.push_back(std::move(files));
  }
  for (const std::string& name : listing.folders) scan(folder + name + "/", entered, result);
}

}  // namespace

Listing list_folder(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), ::closedir);
  if (!directory) throw DataError("the folder '" + folder + "' cannot be read (" + std::strerror(errno) + ")");
  Listing listing;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (name.front() == '.') {
      ++listing.hidden;
      continue;
    }
    const Kind kind = kind_of(*entry, folder);
    if (kind == Kind::folder) {
      listing.folders.emplace_back(name);
    } else if (kind == Kind::file && format_of_name(name) != ImageFormat::unknown) {
      listing.images.emplace_back(name);
    } else {
      listing.others.emplace_back(name);
    }
  }
  for (auto* names : {&listing.folders, &listing.images, &listing.others}) std::sort(names->begin(), names->end());
  return listing;
}

ClassFiles scan_class(const std::string& folder, const std::vector<std::string>& outer) {
  std::set<FolderId> entered;
  for (const std::string& path : outer) {
    if (const auto id = id_of(path)) entered.insert(*id);
  }
  ClassFiles result;
  scan(folder, entered, result);
  return result;
}

}  // namespace lrfind::data
