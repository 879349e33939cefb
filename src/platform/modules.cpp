#include "platform/modules.hpp"

#include <filesystem>

namespace lrfind::platform {

std::string module_path(const std::string& file) {
  namespace fs = std::filesystem;
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  fs::path path = program / file;
  if (!fs::exists(path)) path = (program / LRFIND_MODULES_INSTALLED / file).lexically_normal();
  return path.string();
}

}  // namespace lrfind::platform
