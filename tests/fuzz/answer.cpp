#include "fuzz/answer.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lrfind::fuzz {
namespace {

class Folder {
 public:
  Folder() : path_(parent() / ("lrfind-fuzz-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string write(const std::string& name, std::string_view bytes) const {
    const auto file = path_ / name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }

  std::string path() const { return path_.string(); }

 private:
  static std::filesystem::path parent() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }
  std::filesystem::path path_;
};

const Folder& the_folder() {
  static const Folder here;
  return here;
}

}  // namespace

std::string written(const std::string& name, std::string_view bytes) { return the_folder().write(name, bytes); }

std::string folder() { return the_folder().path(); }

}  // namespace lrfind::fuzz
