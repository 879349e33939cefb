// A loop on LibTorch's own threads. at::parallel_for is a template that runs on them only in files that are compiled
// for the OpenMP library that LibTorch brings, of which PyPI's packages have a copy of their own; elsewhere it runs on
// one thread and says nothing. scripts/bench/compare_networks.py --only dense measures what it buys the update.
#pragma once

#include <cstdint>
#include <functional>

namespace lrfind::train {

/// Calls work(begin, end) for ranges of at least `grain` (but the last) that make up 0 to count, each on one of
/// LibTorch's threads, where operators stay on that thread. Whether gradients are recorded is each thread's own affair.
/// A count of `grain` or less is one call on the calling thread, whose operators spread over threads as ever.
void parallel_ranges(std::int64_t count, std::int64_t grain,
                     const std::function<void(std::int64_t begin, std::int64_t end)>& work);

}  // namespace lrfind::train
