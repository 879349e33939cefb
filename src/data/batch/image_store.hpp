// The images of a dataset at their final size: decoded when asked for, kept while they fit, and a record of the files
// that could not be used. One store is shared by all loaders of a run, so that later trials decode nothing again.
#pragma once

#include <data/dataset/dataset.hpp>
#include <data/image/decode.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace lrfind::data {

struct StoreOptions {
  ImageShape shape;
  Resize resize = Resize::stretch;
  std::size_t cache_bytes = std::size_t{512} << 20U;  ///< 0 keeps nothing
  std::shared_ptr<DecodeBudget> decode_budget = std::make_shared<DecodeBudget>();
};

/// Thread-safe throughout.
class ImageStore {
 public:
  ImageStore(const Dataset& dataset, const StoreOptions& options);
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;
  ~ImageStore();

  const ImageShape& shape() const { return options_.shape; }
  Resize resize() const { return options_.resize; }
  DecodeBudget& decode_budget() const { return *options_.decode_budget; }
  const Samples& samples(Split split) const { return tables_[number(split)].samples; }

  /// Pixels of image i of a split: kept ones, or decoded now into `scratch` (shape().bytes() long).
  /// nullptr when the image is unreadable.
  const std::uint8_t* fetch(Split split, std::size_t i, std::uint8_t* scratch);

  /// Records that these images were used, or would have been had they been readable. What the lists below say depends
  /// on these calls alone, never on what was decoded ahead.
  void mark_used(Split split, std::span<const std::uint32_t> images);
  bool used(Split split, std::size_t i) const;
  /// Records a file found bad by other means than fetch.
  void mark_unreadable(Split split, std::size_t i, const std::string& error);
  void mark_misnamed(Split split, std::size_t i, const std::string& format);

  /// Used images that could not be read, by path, each once.
  std::vector<Unreadable> unreadable() const;
  /// Used images whose content is another format than their name says, by path.
  std::vector<Misnamed> misnamed() const;
  /// How many different images were used, unreadable ones included.
  std::size_t images_used() const;
  /// How many of those were unreadable.
  std::size_t unreadable_used() const;

  std::size_t cached_images() const;
  std::size_t capacity() const { return max_kept_images_; }       ///< images that are kept at most
  std::size_t decoded_images() const { return decoded_.load(); }  ///< decoder runs so far

 private:
  static std::size_t number(Split split) { return split == Split::train ? 0 : 1; }
  struct Table {
    Samples samples;
    // nullptr: never fetched; &unreadable_mark_: known to be unreadable; otherwise pixels.
    std::unique_ptr<std::atomic<const std::uint8_t*>[]> kept;
    std::map<std::uint32_t, std::string> errors;    // under mutex_
    std::map<std::uint32_t, std::string> misnamed;  // under mutex_
    std::vector<bool> used;                         // under mutex_
    std::set<std::uint32_t> in_work;                // under mutex_: being decoded by some thread
  };

  // Reads and decodes without the lock; pixels that were in memory at another size are resized.
  Decoded decode_now(const Samples& samples, std::size_t i) const;
  std::uint8_t* reserve();  // under mutex_

  StoreOptions options_;
  std::array<Table, 2> tables_;
  std::uint8_t unreadable_mark_ = 0;
  std::atomic<std::size_t> decoded_{0};
  mutable std::mutex mutex_;
  std::condition_variable decoded_one_;
  std::vector<std::unique_ptr<std::uint8_t[]>> slabs_;
  std::size_t slab_images_ = 0;
  std::size_t kept_images_ = 0;
  std::size_t max_kept_images_ = 0;
  std::size_t used_images_ = 0;
  std::size_t used_unreadable_ = 0;
};

}  // namespace lrfind::data
