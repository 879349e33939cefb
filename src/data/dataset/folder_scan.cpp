#include <data/dataset/folder_scan.hpp>
#include <lrfind/error.hpp>

#include <data/image/image_header.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

namespace lrfind::data {
namespace {

using FolderId = Files::FolderId;
using Kind = Files::Kind;

std::set<FolderId> ids_of(const Files& files, const std::vector<std::string>& folders) {
  std::set<FolderId> ids;
  for (const std::string& path : folders) {
    if (const auto id = files.id(path)) ids.insert(*id);
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

void scan(const Files& files, const std::string& folder, const Listing& listing, std::set<FolderId>& entered,
          ClassFiles& result) {
  result.hidden += listing.hidden;
  result.ignored_files += listing.others.size();
  add_kinds(listing.others, result.other_kinds);
  result.images += listing.images.size();
  if (!listing.images.empty()) {
    ClassFiles::Folder images{folder, {}, {}};
    std::size_t bytes = 0;
    for (const std::string& name : listing.images) bytes += name.size();
    images.names.reserve(bytes);
    images.lengths.reserve(listing.images.size());
    for (const std::string& name : listing.images) {
      images.names += name;
      images.lengths.push_back(static_cast<std::uint32_t>(name.size()));
    }
    result.folders.push_back(std::move(images));
  }
  for (const std::string& name : listing.folders) {
    const std::string inner = folder + name + "/";
    const auto id = files.id(inner);
    if (id && !entered.insert(*id).second) continue;
    scan(files, inner, list_folder(files, inner), entered, result);
  }
}

bool find_picture(const Files& files, const std::string& folder, std::set<FolderId>& entered) {
  const auto id = files.id(folder);
  if (id && !entered.insert(*id).second) return false;
  bool found = false;
  std::vector<std::string> folders;
  // A folder that cannot be opened is reported when it is scanned.
  files.each_entry(folder, [&](std::string_view name, Kind kind) {
    if (name.starts_with('.')) return true;
    if (kind == Kind::folder) folders.emplace_back(name);
    found = kind == Kind::file &&
            (format_of_name(name) != ImageFormat::unknown || is_unread_picture(extension_of(std::string(name))));
    return !found;
  });
  if (found) return true;
  std::sort(folders.begin(), folders.end());
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& name) { return find_picture(files, folder + name + "/", entered); });
}

}  // namespace

Listing list_folder(const Files& files, const std::string& folder) {
  Listing listing;
  const bool opened = files.each_entry(folder, [&](std::string_view name, Kind kind) {
    if (name.starts_with('.')) {
      ++listing.hidden;
    } else if (kind == Kind::folder) {
      listing.folders.emplace_back(name);
    } else if (kind == Kind::file && format_of_name(name) != ImageFormat::unknown) {
      listing.images.emplace_back(name);
    } else {
      listing.others.emplace_back(name);
    }
    return true;
  });
  if (!opened) throw data_error("the folder '" + folder + "' cannot be read (" + std::strerror(errno) + ")");
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

ClassFiles scan_class(const Files& files, const std::string& folder, const std::vector<std::string>& outer,
                      const Listing* listing) {
  std::set<FolderId> entered = ids_of(files, outer);
  ClassFiles result;
  const auto id = files.id(folder);
  if (id && !entered.insert(*id).second) return result;
  scan(files, folder, listing != nullptr ? *listing : list_folder(files, folder), entered, result);
  return result;
}

bool holds_pictures(const Files& files, const std::string& folder, const std::vector<std::string>& outer) {
  std::set<FolderId> entered = ids_of(files, outer);
  return find_picture(files, folder, entered);
}

}  // namespace lrfind::data
