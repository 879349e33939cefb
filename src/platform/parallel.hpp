// A loop over independent pieces of work on several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace lrfind::data {

/// Calls work(i) for each i below count on up to `threads` threads (0 or 1: in the calling thread). Pieces are handed
/// out one by one in rising order. The first exception of `work` is thrown here after all threads ended; when
/// should_stop() (asked in the calling thread) says so, Interrupted is thrown.
void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work,
                  const std::function<bool()>& should_stop = {});

}  // namespace lrfind::data
