// The files of torch.export that files/make_exported_programs.py made, and copies of them that are changed.
#pragma once

#include <caffe2/serialize/inline_container.h>
#include <torch/torch.h>
#include <lrfind/error.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>

namespace lrfind::model {

inline std::string exported_file(const std::string& name) {
  return std::string(LRFIND_TEST_FILES) + "/" + name + ".pt2";
}

/// Entries of an archive by name, without the folder that they all lie in.
using Entries = std::map<std::string, std::string>;

inline Entries entries_of(const std::string& path) {
  caffe2::serialize::PyTorchStreamReader archive(path);
  Entries entries;
  for (const auto& name : archive.getAllRecords()) {
    const auto [data, size] = archive.getRecord(name);
    entries[name] = std::string(static_cast<const char*>(data.get()), size);
  }
  return entries;
}

/// A folder of the test that writes archives.
class ExportedFolder {
 public:
  ExportedFolder() : path_(std::filesystem::temp_directory_path() / ("lrfind-exported-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ExportedFolder(const ExportedFolder&) = delete;
  ExportedFolder& operator=(const ExportedFolder&) = delete;
  ~ExportedFolder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& name) const { return (path_ / name).string(); }

  std::string write(const Entries& entries) const {
    const auto file = path("changed.pt2");
    caffe2::serialize::PyTorchStreamWriter archive(file);
    for (const auto& [name, bytes] : entries) {
      if (name == ".data/version" || name == "version" || name == ".data/serialization_id" || name == "byteorder") {
        continue;  // the writer's own
      }
      archive.writeRecord(name, bytes.data(), bytes.size());
    }
    archive.writeEndOfFile();
    return file;
  }

  std::string write_bytes(const std::string& bytes) const {
    std::ofstream(path("bytes.pt2"), std::ios::binary) << bytes;
    return path("bytes.pt2");
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// What `work` is refused with; "accepted" where it is not.
inline std::string refusal_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::model ? error.what() : "another kind of error";
  }
  return "accepted";
}

}  // namespace lrfind::model
