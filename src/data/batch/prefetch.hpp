// Decoding before anyone asks: while the network is loaded, the processor's other cores have nothing to do.
#pragma once

#include <data/batch/image_store.hpp>
#include <data/batch/random.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace lrfind::data {

/// Decodes training images into a store on threads of its own until it is destroyed, in the order in which a Loader of
/// this seed asks for them. It changes when images are decoded, never what anyone gets or what the store records as
/// used.
class Prefetch {
 public:
  /// The first `images` of the order at most, and no more than the store keeps. 0 threads: none.
  Prefetch(std::shared_ptr<ImageStore> store, std::uint64_t seed, std::uint64_t images, unsigned threads);
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;
  /// Waits for the images that are being decoded at this moment, no longer.
  ~Prefetch() { stopping_ = true; }

 private:
  void work();

  std::shared_ptr<ImageStore> store_;
  Permutation order_;
  std::uint64_t images_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::jthread> threads_;  // last, so that they end first
};

}  // namespace lrfind::data
