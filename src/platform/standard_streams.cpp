#include "platform/standard_streams.hpp"

#include "platform/write_file.hpp"

#include <fcntl.h>

namespace lrfind::platform {

void open_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest that is free, which is this one. The wrong way round, so that its use stays an error.
    const int mode = descriptor == 0 ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", mode) < 0) static_cast<void>(open("/", O_RDONLY | O_DIRECTORY));
  }
}

void check_stdout() { report::check_writable("/dev/stdout"); }

}  // namespace lrfind::platform
