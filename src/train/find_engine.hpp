// Which module trains. A build and an ordinary installation have one, linked with the LibTorch that it was built with.
// What pip installs has a folder of them, one for each version of LibTorch: its script (scripts/python/lrfind) names
// the torch of the Python that runs it in LRFIND_TORCH, and that torch's own libraries, CUDA's too, are opened before
// the module.
#pragma once

#include <filesystem>

namespace lrfind::train {

struct EngineFiles {
  std::filesystem::path module;
  std::filesystem::path libtorch;  ///< to be opened before the module; empty: the module finds its LibTorch itself
};

/// Looked for in this order: beside the program or in its library folder; for the torch in LRFIND_TORCH, what `lrfind
/// build-engine` has built for it (in $XDG_CACHE_HOME or ~/.cache), what was installed for its minor version and the
/// major version of its CUDA, and what was installed for its minor version without CUDA graphs. Throws Error (device)
/// with what there is and what to install.
EngineFiles find_engine();

}  // namespace lrfind::train
