// Whether the machine gives what a run needs, found out before it begins: in the middle, LibTorch's thread pool waits
// for ever for a thread that could not start (seen with ulimit -v below 460 MB and ulimit -u), and oneDNN does not look
// whether its memory is there (SIGSEGV below 600 MB). tests/command/limits_test.py.
#pragma once

#include <cstddef>

namespace lrfind::platform {

/// Throws Error (device) unless this process may have `threads` more threads at the same time and `address_space` more
/// bytes of addresses. Leaves nothing behind.
void require_resources(unsigned threads, std::size_t address_space);

}  // namespace lrfind::platform
