#pragma once

#include <filesystem>
#include <vector>

namespace lrfind::train {

/// Keeps libraries out of the process that LibTorch is linked with and never calls (stand_ins.cmake): the loader takes
/// a library that is open already for any of the same name, here an empty one. LibTorch keeps those that it asked for
/// when this object is gone.
class StandIns {
 public:
  /// Opens every library in the folder; none when there is no such folder.
  explicit StandIns(const std::filesystem::path& folder);
  StandIns(const StandIns&) = delete;
  StandIns& operator=(const StandIns&) = delete;
  ~StandIns() { close(); }

  void close();

 private:
  std::vector<void*> open_;
};

}  // namespace lrfind::train
