#include "train/load_engine.hpp"

#include <dlfcn.h>
#include <cstdlib>
#include <filesystem>

namespace lrfind::train {

namespace {

namespace fs = std::filesystem;

// OpenMP threads that spin between parallel regions steal the cores that decoding and other programs need: a training
// step on contended cores was measured at seven times the time it takes with short spinning, which costs nothing on
// idle cores. The OpenMP library reads this once, when LibTorch brings it in. What the user has set is left alone.
void choose_openmp_waiting() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "10000", 0);
}

fs::path module_path() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  fs::path path = program / LRFIND_ENGINE_FILE;
  if (!fs::exists(path)) path = (program / LRFIND_ENGINE_INSTALLED / LRFIND_ENGINE_FILE).lexically_normal();
  return path;
}

}  // namespace

std::unique_ptr<Engine> load_engine() {
  choose_openmp_waiting();
  const fs::path path = module_path();
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    const char* why = dlerror();
    throw DeviceError("the LibTorch part of lrfind cannot be loaded (" + std::string(why == nullptr ? "" : why) +
                      "); build or install lrfind again");
  }
  using Make = Engine* (*)();
  const auto make = reinterpret_cast<Make>(dlsym(module, "lrfind_make_engine"));
  if (make == nullptr) throw DeviceError("\"" + path.string() + "\" is not the LibTorch part of this lrfind");
  return std::unique_ptr<Engine>(make());
}

std::future<std::unique_ptr<Engine>> load_engine_meanwhile() { return std::async(std::launch::async, load_engine); }

}  // namespace lrfind::train
