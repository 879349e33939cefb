#include "platform/modules.hpp"

#include <sys/auxv.h>

#include <filesystem>

namespace lrfind::platform {

namespace {

namespace fs = std::filesystem;

// Where /proc is not mounted, as the program was started.
fs::path own_path() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (!error) return path;
  const auto* started = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  return started == nullptr ? fs::path() : fs::canonical(started, error);
}

}  // namespace

std::string module_path(const std::string& file) {
  const fs::path program = own_path().parent_path();
  std::error_code error;
  fs::path path = program / file;
  if (!fs::exists(path, error)) path = (program / LRFIND_MODULES_INSTALLED / file).lexically_normal();
  return path.string();
}

std::string loading_problem(const char* why, const std::string& otherwise) {
  const std::string reason = why == nullptr ? "it is another program's" : why;
  bool refused = false;
  for (const char* words : {"failed to map", "annot allocate", "Too many open files", "annot create", "annot apply"}) {
    refused = refused || reason.find(words) != std::string::npos;
  }
  return " (" + reason + "); " + (refused ? "raise the limits (ulimit -v, ulimit -n)" : otherwise);
}

}  // namespace lrfind::platform
