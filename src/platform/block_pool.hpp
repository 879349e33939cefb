// Memory for blocks that are taken and given back in the same pattern again and again, as the tensors of training steps
// are. Taking one again costs no page faults and the process does not grow: with it, and with images that nobody asks
// for again not kept, a sweep over photos at 64 x 64 takes 380 MB instead of 620. tests/train/block_pool_test.cpp holds
// it to "no further than the first time"; scripts/bench/compare_peers.sh measures the peak memory of whole sweeps.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace lrfind::train {

/// Hands out blocks of one range of addresses: the smallest free piece that is large enough, the lowest of equals. What
/// is given back joins its free neighbours and stays with the process, so that taking it again costs no page faults.
/// Nothing but these blocks lies in the range, so that they always join: with the C library's allocator, small things
/// come to lie between large blocks, and the process grows by half. Not thread-safe.
class BlockPool {
 public:
  /// Reserves `bytes` of addresses, no memory. Where the system refuses, every take() fails.
  explicit BlockPool(std::size_t bytes);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  /// A block of at least `bytes`, aligned to a page; nullptr when no free piece is large enough.
  void* take(std::size_t bytes);
  /// Takes back a block of this pool.
  void give_back(void* block);
  bool owns(const void* block) const;

  /// The length of the part of the range that was ever handed out.
  std::size_t reached() const { return reached_; }

 private:
  using Free = std::map<std::byte*, std::size_t>;
  void add_free(std::byte* start, std::size_t bytes);
  void remove_free(Free::iterator piece);

  std::byte* start_ = nullptr;
  std::size_t bytes_ = 0, reached_ = 0;
  Free free_;  // by address
  std::set<std::pair<std::size_t, std::byte*>> free_by_size_;
  std::map<std::byte*, std::size_t> taken_;
};

}  // namespace lrfind::train
