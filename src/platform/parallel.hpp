// A loop over independent pieces of work on several threads, for work of milliseconds and more, such as reading folders
// and decoding images: pieces are handed out singly, so that one slow file keeps one thread busy and no more. The stop
// token is looked at 50 times a second. `lrfind inspect` with --threads 1 and N measures what the threads bring.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>
#include "platform/interrupted.hpp"

namespace lrfind::data {

/// Calls work(i) for each i below count on up to `threads` threads (0 or 1: in the calling thread). Pieces are handed
/// out one by one in rising order. The first exception of `work` is thrown here after all threads ended; when
/// its stop token (asked in the calling thread) says so, Interrupted is thrown.
void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work,
                  const std::stop_token& stop = {});

/// Adds up to `count` threads that do `work` to the pool. Where the machine refuses one, those that started have to do.
void start_threads(std::vector<std::jthread>& pool, unsigned count, const std::function<void()>& work);

}  // namespace lrfind::data
