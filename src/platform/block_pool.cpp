#include "platform/block_pool.hpp"

#include <sys/mman.h>

#include <iterator>

namespace lrfind::train {

namespace {

constexpr std::size_t page = 4096;

std::size_t whole_pages(std::size_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

BlockPool::BlockPool(std::size_t bytes) {
  bytes = whole_pages(bytes);
  void* range = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) return;
  start_ = static_cast<std::byte*>(range);
  bytes_ = bytes;
  add_free(start_, bytes);
}

BlockPool::~BlockPool() {
  if (start_ != nullptr) munmap(start_, bytes_);
}

void BlockPool::add_free(std::byte* start, std::size_t bytes) {
  free_.emplace(start, bytes);
  free_by_size_.emplace(bytes, start);
}

void BlockPool::remove_free(Free::iterator piece) {
  free_by_size_.erase({piece->second, piece->first});
  free_.erase(piece);
}

void* BlockPool::take(std::size_t bytes) {
  if (bytes > bytes_) return nullptr;
  bytes = whole_pages(bytes);
  const auto fitting = free_by_size_.lower_bound({bytes, nullptr});
  if (fitting == free_by_size_.end()) return nullptr;
  const auto [size, start] = *fitting;
  remove_free(free_.find(start));
  if (size > bytes) add_free(start + bytes, size - bytes);
  taken_.emplace(start, bytes);
  return start;
}

void BlockPool::give_back(void* block) {
  const auto taken = taken_.find(static_cast<std::byte*>(block));
  std::byte* start = taken->first;
  std::size_t bytes = taken->second;
  taken_.erase(taken);
  auto after = free_.lower_bound(start);
  if (after != free_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == start) {
      start = before->first;
      bytes += before->second;
      remove_free(before);
    }
  }
  if (after != free_.end() && start + bytes == after->first) {
    bytes += after->second;
    remove_free(after);
  }
  add_free(start, bytes);
}

bool BlockPool::owns(const void* block) const {
  const auto* address = static_cast<const std::byte*>(block);
  return start_ != nullptr && address >= start_ && address < start_ + bytes_;
}

}  // namespace lrfind::train
