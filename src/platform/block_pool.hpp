// Memory for blocks that are taken and given back in the same pattern again and again, as the tensors of training steps
// are: taking one again costs no page faults and the process does not grow. What it buys, by
// scripts/bench/allocators.py (two cores, LibTorch 1.13 and 2.13): with the C library's allocator sweeps over small
// images and photos take 1.3 to 1.8 times as long, and 1.1 to 1.2 times the memory. With jemalloc, told to keep all
// that is freed, they take the same time but 1.22 and 1.10 times the memory on resnet18 at 64 x 64, 1.03 to 1.08 times
// on small networks: its blocks come in four sizes per power of two, tensors in any.
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
