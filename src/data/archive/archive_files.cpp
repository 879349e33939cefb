#include <data/archive/archive_files.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <platform/text.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lrfind::data {
namespace {

bool is_plain(std::string_view path) {
  return path.find("//") == std::string_view::npos && path.find("/.") == std::string_view::npos &&
         !path.starts_with('.') && !path.ends_with('/');
}

// The path without "." and ".."; nothing where it leads out.
std::optional<std::string> resolved(std::string_view path) {
  if (is_plain(path)) return std::string(path);
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  std::string result;
  for (const std::string_view part : parts) {
    if (!result.empty()) result += '/';
    result += part;
  }
  return result;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    const std::size_t end = at + from.size();
    // A folder's own path has nothing behind its slash.
    const bool whole = end == text.size() || text[end] == '\'';
    const std::string put = whole ? to : to + ": ";
    text.replace(at, from.size(), put);
    at += put.size();
  }
}

bool write_all(int file, const std::vector<std::uint8_t>& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::write(file, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

ArchiveFiles::ArchiveFiles(std::string root, std::vector<ArchivePart> parts)
    : root_(std::move(root)), parts_(std::move(parts)) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    for (ArchiveEntry& entry : parts_[i].entries) {
      if (!parts_[i].below.empty()) entry.path.insert(0, parts_[i].below);
      items_.push_back({std::move(entry), static_cast<std::uint32_t>(i)});
    }
    parts_[i].entries = {};
  }
  // Of one path, files first.
  std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    const int order = a.entry.path.compare(b.entry.path);
    return order != 0 ? order < 0 : a.entry.folder < b.entry.folder;
  });
  require_one_meaning();
}

void ArchiveFiles::require_one_meaning() const {
  const auto refuse = [&](const Item& item, const std::string& what) {
    throw data_error("'" + parts_[item.part].path + "' holds " + quoted(item.entry.path) + " " + what +
                     ": unpack it where that can be put right, and give the folder");
  };
  std::string_view checked;  // the folder before
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const std::string& path = items_[i].entry.path;
    const bool again = i > 0 && items_[i - 1].entry.path == path;
    if (again && !items_[i - 1].entry.folder) {
      refuse(items_[i], items_[i].entry.folder ? "as a file and as a folder" : "twice");
    }
    const std::string_view folder = std::string_view(path).substr(0, std::min(path.rfind('/'), path.size()));
    if (folder.size() == path.size() || folder == checked) continue;
    checked = folder;
    for (std::size_t end = folder.find('/');; end = folder.find('/', end + 1)) {
      const std::string_view outer = folder.substr(0, end);
      const std::size_t at = first_from(outer);
      if (items_[at].entry.path == outer && !items_[at].entry.folder) refuse(items_[at], "as a file and as a folder");
      if (end == std::string_view::npos) break;
    }
  }
}

std::size_t ArchiveFiles::first_from(std::string_view inner) const {
  const auto found = std::lower_bound(items_.begin(), items_.end(), inner,
                                      [](const Item& item, std::string_view path) { return item.entry.path < path; });
  return static_cast<std::size_t>(found - items_.begin());
}

std::optional<std::string> ArchiveFiles::inner_path(const std::string& path) const {
  if (path == root_) return std::string();
  if (!path.starts_with(root_) || path[root_.size()] != '/') return std::nullopt;
  return resolved(std::string_view(path).substr(root_.size() + 1));
}

const ArchiveFiles::Item* ArchiveFiles::find(const std::string& path) const {
  const auto inner = inner_path(path);
  if (!inner) return nullptr;
  const std::size_t at = first_from(*inner);
  return at < items_.size() && items_[at].entry.path == *inner && !items_[at].entry.folder ? &items_[at] : nullptr;
}

Files::Kind ArchiveFiles::kind(const std::string& path) const {
  const auto inner = inner_path(path);
  if (!inner) return Kind::none;
  if (inner->empty()) return Kind::folder;
  const std::size_t at = first_from(*inner);
  if (at < items_.size() && items_[at].entry.path == *inner) {
    return items_[at].entry.folder ? Kind::folder : Kind::file;
  }
  return has_below(*inner) ? Kind::folder : Kind::none;
}

bool ArchiveFiles::has_below(const std::string& inner) const {
  const std::size_t at = first_from(inner + "/");
  return at < items_.size() && items_[at].entry.path.starts_with(inner + "/");
}

bool ArchiveFiles::each_entry(const std::string& folder, const Visit& visit) const {
  if (kind(folder) != Kind::folder) {
    errno = ENOENT;
    return false;
  }
  std::string start = *inner_path(folder);
  if (!start.empty()) start += '/';
  for (std::size_t at = first_from(start); at < items_.size() && items_[at].entry.path.starts_with(start);) {
    const ArchiveEntry& entry = items_[at].entry;
    const std::string_view rest = std::string_view(entry.path).substr(start.size());
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (name.size() < rest.size()) {
      if (!visit(name, Kind::folder)) break;
      at = first_from(start + std::string(name) + "0");  // '0' follows '/': the first path that is not below the folder
    } else {
      // A folder's own entry counts where none are below it.
      const bool told_below = entry.folder && has_below(entry.path);
      const bool again = at > 0 && items_[at - 1].entry.path == entry.path;
      if (!told_below && !again && !visit(name, entry.folder ? Kind::folder : Kind::file)) break;
      ++at;
    }
  }
  return true;
}

std::optional<Files::FolderId> ArchiveFiles::id(const std::string& /*folder*/) const { return std::nullopt; }

std::uint64_t ArchiveFiles::bytes(const std::string& path) const {
  const Item* item = find(path);
  return item == nullptr ? 0 : item->entry.bytes;
}

std::string ArchiveFiles::read(const std::string& path, std::vector<std::uint8_t>& buffer) const {
  const Item* item = find(path);
  if (item == nullptr) return "is not in the archive";
  return parts_[item->part].archive->read(item->entry, buffer);
}

std::string ArchiveFiles::read(const std::string& path, std::string& text, std::uint64_t most_bytes) const {
  if (bytes(path) > most_bytes) {
    return "has " + std::to_string(bytes(path)) + " bytes, more than the limit of " + std::to_string(most_bytes);
  }
  std::vector<std::uint8_t> buffer;
  std::string problem = read(path, buffer);
  text.assign(buffer.begin(), buffer.end());
  return problem;
}

int ArchiveFiles::open(const std::string& path) const {
  std::vector<std::uint8_t> buffer;
  if (const std::string problem = read(path, buffer); !problem.empty()) {
    throw data_error("'" + path + "' " + problem);
  }
  const int file = ::memfd_create("lrfind", MFD_CLOEXEC);
  if (file < 0) return file;
  if (!write_all(file, buffer) || ::lseek(file, 0, SEEK_SET) != 0) {
    ::close(file);
    return -1;
  }
  return file;
}

std::string ArchiveFiles::told(std::string text) const {
  if (const Item* item = find(text)) {
    const ArchivePart& part = parts_[item->part];
    return part.path + ": " + item->entry.path.substr(part.below.size());
  }
  if (text.find(root_ + "/") == std::string::npos) return text;
  // Where archives share a place, or lie in none, the place is all that can be told.
  bool apart = false;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto same = [&](const ArchivePart& other) { return other.below == parts_[i].below; };
    if (parts_[i].below.empty() || std::count_if(parts_.begin(), parts_.end(), same) > 1) continue;
    replace_all(text, root_ + "/" + parts_[i].below, parts_[i].path);
    apart = true;
  }
  if (!apart) replace_all(text, root_ + "/", root_);
  return text;
}

}  // namespace lrfind::data
