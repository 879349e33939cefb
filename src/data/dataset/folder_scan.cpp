#include <data/dataset/folder_scan.hpp>
#include <lrfind/error.hpp>

#include <data/image/image_header.hpp>
#include <data/unreadable.hpp>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
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

std::set<FolderId> ids_of(const std::vector<std::string>& folders) {
  std::set<FolderId> ids;
  for (const std::string& path : folders) {
    if (const auto id = id_of(path)) ids.insert(*id);
  }
  return ids;
}

// ".heic"; empty where the name has no extension.
std::string extension_of(const std::string& name) {
  constexpr std::size_t longest = 8;
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name.size() - dot > longest) return {};
  std::string extension = name.substr(dot);
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

void add_kinds(const std::vector<std::string>& names, FileKinds& kinds) {
  for (const std::string& name : names) ++kinds[extension_of(name)];
}

void scan(const std::string& folder, const Listing& listing, std::set<FolderId>& entered, ClassFiles& result) {
  result.hidden += listing.hidden;
  result.ignored_files += listing.others.size();
  add_kinds(listing.others, result.other_kinds);
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
  for (const std::string& name : listing.folders) {
    const std::string inner = folder + name + "/";
    const auto id = id_of(inner);
    if (id && !entered.insert(*id).second) continue;
    scan(inner, list_folder(inner), entered, result);
  }
}

[[noreturn]] void fail_to_read(const std::string& folder) {
  throw data_error("the folder '" + folder + "' cannot be read (" + std::strerror(errno) + ")");
}

struct CloseFolder {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

// nullptr at the end. What cannot be read to its end is an error: images would be missing, and nobody would know.
const dirent* next_entry(const OpenFolder& directory, const std::string& folder) {
  errno = 0;
  const dirent* entry = ::readdir(directory.get());
  if (entry == nullptr && errno != 0) fail_to_read(folder);
  return entry;
}

bool find_picture(const std::string& folder, std::set<FolderId>& entered) {
  const auto id = id_of(folder);
  if (id && !entered.insert(*id).second) return false;
  std::vector<std::string> folders;
  {
    const OpenFolder directory(::opendir(folder.c_str()));
    if (!directory) return false;  // reported when it is scanned
    while (const dirent* entry = next_entry(directory, folder)) {
      if (entry->d_name[0] == '.') continue;
      const bool named_image =
          format_of_name(entry->d_name) != ImageFormat::unknown || is_unread_picture(extension_of(entry->d_name));
      const Kind kind = kind_of(*entry, folder);
      if (kind == Kind::file && named_image) return true;
      if (kind == Kind::folder) folders.emplace_back(entry->d_name);
    }
  }
  std::sort(folders.begin(), folders.end());
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& name) { return find_picture(folder + name + "/", entered); });
}

}  // namespace

Listing list_folder(const std::string& folder) {
  const OpenFolder directory(::opendir(folder.c_str()));
  if (!directory) fail_to_read(folder);
  Listing listing;
  while (const dirent* entry = next_entry(directory, folder)) {
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

bool is_unread_picture(const std::string& extension) {
  constexpr std::array<std::string_view, 24> extensions{
      ".gif", ".heic", ".heif", ".avif", ".svg", ".jxl", ".jp2", ".j2k", ".jxr", ".psd", ".ico", ".tga",
      ".exr", ".hdr",  ".raw",  ".dng",  ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".dcm", ".pcx"};
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

FileKinds kinds_of(const std::vector<std::string>& names) {
  FileKinds kinds;
  add_kinds(names, kinds);
  return kinds;
}

ClassFiles scan_class(const std::string& folder, const std::vector<std::string>& outer, const Listing* listing) {
  std::set<FolderId> entered = ids_of(outer);
  ClassFiles result;
  const auto id = id_of(folder);
  if (id && !entered.insert(*id).second) return result;
  scan(folder, listing != nullptr ? *listing : list_folder(folder), entered, result);
  return result;
}

bool holds_pictures(const std::string& folder, const std::vector<std::string>& outer) {
  std::set<FolderId> entered = ids_of(outer);
  return find_picture(folder, entered);
}

}  // namespace lrfind::data
