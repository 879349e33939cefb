#include <data/dataset/files.hpp>
#include <lrfind/error.hpp>
#include <platform/read_file.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace lrfind::data {
namespace {

using Kind = Files::Kind;

Kind kind_of(mode_t mode) { return S_ISDIR(mode) ? Kind::folder : S_ISREG(mode) ? Kind::file : Kind::other; }

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
  return kind_of(status.st_mode);
}

struct CloseFolder {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

// nullptr at the end.
const dirent* next_entry(const OpenFolder& directory, const std::string& folder) {
  errno = 0;
  const dirent* entry = ::readdir(directory.get());
  if (entry == nullptr && errno != 0) {
    throw data_error("the folder '" + folder + "' cannot be read (" + std::strerror(errno) + ")");
  }
  return entry;
}

class FilesOnDisk : public Files {
 public:
  Kind kind(const std::string& path) const override {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? kind_of(status.st_mode) : Kind::none;
  }

  bool each_entry(const std::string& folder, const Visit& visit) const override {
    const std::string inside = folder.ends_with('/') ? folder : folder + "/";
    const OpenFolder directory(::opendir(inside.c_str()));
    if (!directory) return false;
    while (const dirent* entry = next_entry(directory, folder)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (!visit(name, kind_of(*entry, inside))) break;
    }
    return true;
  }

  std::optional<FolderId> id(const std::string& folder) const override {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
    return FolderId{status.st_dev, status.st_ino};
  }

  std::uint64_t bytes(const std::string& path) const override {
    struct stat status {};
    const bool file = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    return file ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

  std::string read(const std::string& path, std::vector<std::uint8_t>& buffer) const override {
    return read_file(path, buffer);
  }
  std::string read(const std::string& path, std::string& text, std::uint64_t most_bytes) const override {
    return read_file(path, text, most_bytes);
  }

  int open(const std::string& path) const override { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }

  std::string told(std::string text) const override { return text; }
};

}  // namespace

std::shared_ptr<const Files> files_on_disk() {
  static const auto files = std::make_shared<const FilesOnDisk>();
  return files;
}

}  // namespace lrfind::data
