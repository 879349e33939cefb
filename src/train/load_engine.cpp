#include "train/load_engine.hpp"
#include <lrfind/error.hpp>

#include "platform/abnormal_end.hpp"
#include "platform/modules.hpp"
#include "platform/stub_libraries.hpp"
#include "train/find_engine.hpp"

#include <dlfcn.h>
#include <cstdlib>
#include <filesystem>

namespace lrfind::train {

namespace {

namespace fs = std::filesystem;

// OpenMP threads that spin between parallel regions steal the cores that decoding and other programs need: by default,
// a training step on contended cores was measured at seven times the time it takes with short spinning. 2500 turns
// (some tens of microseconds) cost nothing on idle cores, where none at all cost a third; with one busy program per
// core a step took 2.0 to 2.1 times as long as without, after 10000 turns 2.2 to 2.5 times (interleaved runs on two
// cores). The OpenMP library reads this once, when LibTorch brings it in. What the user has set is left alone.
void choose_openmp_waiting() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "2500", 0);
}

// RTLD_NOW: every function that LibTorch and what it is linked with will ever call is looked up here.
void* open_module(const fs::path& path) {
  const auto open = [&] { return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); };
  StubLibraries stub_libraries(path.parent_path() / "stub_libraries");
  if (void* module = open(); module != nullptr) return module;
  stub_libraries.close();  // perhaps one of them is needed after all
  return open();
}

}  // namespace

std::unique_ptr<Engine> load_engine() {
  choose_openmp_waiting();
  const EngineFiles files = find_engine();
  // Its libraries are found by what they are called once they are open, wherever they lie.
  if (!files.libtorch.empty() && dlopen(files.libtorch.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    throw device_error("LibTorch cannot be loaded" + platform::loading_problem(dlerror(), "install torch again"));
  }
  void* module = open_module(files.module);
  if (module == nullptr) {
    throw device_error("the LibTorch part of lrfind cannot be loaded" + platform::loading_problem(dlerror()));
  }
  platform::go_on_refusing_exit();
  using Make = Engine* (*)();
  const auto make = reinterpret_cast<Make>(dlsym(module, "lrfind_make_engine"));
  if (make == nullptr) throw device_error("\"" + files.module.string() + "\" is not the LibTorch part of this lrfind");
  return std::unique_ptr<Engine>(make());
}

std::future<std::unique_ptr<Engine>> load_engine_meanwhile() { return std::async(std::launch::async, load_engine); }

}  // namespace lrfind::train
