// The program as the shell starts it: opens the module that holds everything else.
//
// What a program itself is linked with comes first wherever the loader looks a function up, also for libraries that are
// opened later. OpenCV brings a BLAS along, Debian's reference one if no better is installed, and a LibTorch with its
// own (PyPI's: MKL) would call that one: a training step of vit_tiny at 224 px took 13.5 s instead of 0.5. So nothing
// is linked here, and every module sees its own libraries.
#include "platform/abnormal_end.hpp"
#include "platform/modules.hpp"
#include "platform/standard_streams.hpp"

#include <dlfcn.h>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// A setting of the environment for as long as a library reads it; what the user has set is left alone, and nothing is
// left to the programs that are started later.
class Setting {
 public:
  Setting(const char* name, const char* value) : name_(name), ours_(std::getenv(name) == nullptr) {
    if (ours_) setenv(name, value, 1);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  ~Setting() {
    if (ours_) unsetenv(name_);
  }

 private:
  const char* name_;
  bool ours_;
};

using Main = int (*)(int, char**, const sigset_t*);

Main open_program() {
  // OpenBLAS starts a thread per core when it is loaded; how many there are is decided when training begins.
  const Setting threads("OPENBLAS_NUM_THREADS", "1");
  const std::string path = lrfind::platform::module_path(LRFIND_PROGRAM_FILE);
  void* program = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  return program == nullptr ? nullptr : reinterpret_cast<Main>(dlsym(program, "lrfind_main"));
}

}  // namespace

int main(int argc, char** argv) {
  lrfind::platform::open_standard_descriptors();
  const sigset_t mask = lrfind::platform::hold_signals();
  const Main program = open_program();
  if (program == nullptr) {
    const std::string problem = lrfind::platform::loading_problem(dlerror());
    std::fprintf(stderr, "lrfind: a part of the program cannot be loaded%s\n", problem.c_str());
    return lrfind::platform::failed_status;
  }
  return program(argc, argv, &mask);
}
