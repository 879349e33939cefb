// Batches of images, made ahead of the training step by worker threads.
//
// The batches are a function of the seed alone: batch b holds positions b * size ... of the stream (stream.hpp). Where
// loaders share a stream, batch b of part p of n holds what batch b * n + p of the whole holds.
// Augmentation is drawn from (seed, position). An unreadable image is replaced by images drawn from (seed, position)
// until one is readable. Neither the number of workers nor their speed has a part in any of it.
#pragma once

#include <data/batch/augment.hpp>
#include <data/batch/batch.hpp>
#include <data/batch/image_store.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace lrfind::data {

struct LoaderOptions {
  ImageShape shape;
  Resize resize = Resize::stretch;
  std::size_t cache_bytes = std::size_t{512} << 20U;  ///< shape, resize and cache_bytes: used when no store is given
  int batch_size = 64;
  std::uint64_t seed = 0;
  unsigned workers = 2;       ///< 0: decode in the caller's thread
  int prefetch = 3;           ///< batches made ahead of the one asked for
  std::uint64_t batches = 0;  ///< how many will be asked for, so that none is made in vain; 0: not known
  std::vector<Augmentation> augmentations;
  bool augment_later = false;          ///< draw them, and leave it to the caller to apply them
  std::vector<std::uint32_t> indices;  ///< draw from these images of the split only; empty: from all
  std::uint64_t part = 0, parts = 1;   ///< of `parts` loaders that share the stream, which one this is
  double max_unreadable = 1;           ///< next() throws Error (data) when more than this fraction was unreadable
  std::stop_token stop;                ///< asked in the caller's thread
};

/// Not thread-safe itself: one caller.
class Loader {
 public:
  Loader(const Dataset& dataset, Split split, LoaderOptions options, std::shared_ptr<ImageStore> store = nullptr);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  /// Waits for the images that are being decoded at this moment, no longer.
  ~Loader();

  /// The next batch of the stream, always full. Throws Interrupted, Error (data) (nothing readable, or more than
  /// max_unreadable), and what a worker threw; after that the loader is of no use any more.
  Batch next();

  /// These images without augmentation, in this order; unreadable ones are left out. Throws Interrupted.
  Batch load(std::span<const std::uint32_t> indices);

  const std::shared_ptr<ImageStore>& store() const;
  std::vector<Unreadable> unreadable() const { return store()->unreadable(); }

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace lrfind::data
