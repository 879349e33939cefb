// How many unreadable files are too many, and a look at the files that no batch used.
#pragma once

#include <data/batch/image_store.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lrfind::data {

/// Throws Error (data), with the files grouped by reason, when more than max_fraction of `used` different images are in
/// `unreadable`. Nothing is decided before 32 images were used, unless all of them are unreadable or `all_used` is set:
/// a single bad file among the first three says little.
void require_readable(const std::vector<Unreadable>& unreadable, std::size_t used, double max_fraction,
                      bool all_used = false);

/// A line per reason, the most frequent first: how many files, the reason, and the first paths, three or as many as
/// make ten in all. Numbers that differ within a reason are written "N".
std::vector<std::string> by_reason(const std::vector<Unreadable>& unreadable);

struct CheckOptions {
  std::size_t max_images = 20000;
  std::uint64_t max_bytes = std::uint64_t{256} << 20U;          ///< of files read
  std::uint64_t max_decoded_pixels = std::uint64_t{64} << 20U;  ///< of files that are also decoded
  unsigned threads = 0;                                         ///< 0: one per core
  std::stop_token stop;
};

struct CheckResult {
  std::size_t checked = 0;      ///< files read and checked for being complete images
  std::size_t decoded = 0;      ///< of those, how many were also decoded
  std::size_t not_checked = 0;  ///< images beyond the bounds
};

/// Checks the images that no batch used, train before val, in the dataset's order, until a bound is reached, and
/// records the bad ones in the store (see ImageStore::unreadable). Which files are checked depends on the dataset and
/// the bounds alone. Throws Interrupted.
CheckResult check_remaining(ImageStore& store, const CheckOptions& options = {});

}  // namespace lrfind::data
