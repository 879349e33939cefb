// Empty libraries in place of those that LibTorch is linked with and never calls. Debian's libtorch_cpu names most of
// OpenCV and FFmpeg, 250 libraries with all that they need: kept out, a run starts a quarter of a second earlier and
// takes 70 MB less. tests/command/libraries_test.py looks at what a run has loaded; what it costs shows when the folder
// of the stubs beside the engine is renamed and the wall time and peak memory of a sweep over 32 x 32 images measured
// again (scripts/bench/compare_peers.sh measures both).
#pragma once

#include <filesystem>
#include <vector>

namespace lrfind::train {

/// While alive, the loader takes the stubs (stub_libraries.cmake) for the libraries whose names they have: a library of
/// the same name that is open already is used. LibTorch keeps those that it asked for when this object is gone.
class StubLibraries {
 public:
  /// Opens every library in the folder; none when there is no such folder.
  explicit StubLibraries(const std::filesystem::path& folder);
  StubLibraries(const StubLibraries&) = delete;
  StubLibraries& operator=(const StubLibraries&) = delete;
  ~StubLibraries() { close(); }

  void close();

 private:
  std::vector<void*> open_;
};

}  // namespace lrfind::train
