// The program as the shell starts it: opens the module that holds everything else.
//
// What a program itself is linked with comes first wherever the loader looks a function up, also for libraries that are
// opened later. OpenCV brings a BLAS along, Debian's reference one if no better is installed, and a LibTorch with its
// own (PyPI's: MKL) would call that one: a training step of vit_tiny at 224 px took 13.5 s instead of 0.5. So nothing
// is linked here, and every module sees its own libraries.
#include "platform/modules.hpp"

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

using Main = int (*)(int, char**);

Main open_program() {
  // OpenBLAS starts a thread per core when it is loaded; how many there are is decided when training begins.
  const Setting threads("OPENBLAS_NUM_THREADS", "1");
  const std::string path = lrfind::platform::module_path(LRFIND_PROGRAM_FILE);
  void* program = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  return program == nullptr ? nullptr : reinterpret_cast<Main>(dlsym(program, "lrfind_main"));
}

}  // namespace

int main(int argc, char** argv) {
  const Main program = open_program();
  if (program == nullptr) {
    const char* why = dlerror();
    std::fprintf(stderr, "lrfind: a part of the program cannot be loaded (%s); build or install lrfind again\n",
                 why == nullptr ? LRFIND_PROGRAM_FILE " is another program's" : why);
    return 5;
  }
  return program(argc, argv);
}
