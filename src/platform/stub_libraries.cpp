#include "platform/stub_libraries.hpp"

#include <dlfcn.h>
#include <system_error>

namespace lrfind::train {

StubLibraries::StubLibraries(const std::filesystem::path& folder) {
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(folder, none)) {
    if (void* library = dlopen(file.path().c_str(), RTLD_LAZY | RTLD_LOCAL); library != nullptr) {
      open_.push_back(library);
    }
  }
}

void StubLibraries::close() {
  for (void* library : open_) dlclose(library);
  open_.clear();
}

}  // namespace lrfind::train
