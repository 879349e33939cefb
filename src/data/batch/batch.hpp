#pragma once

#include <data/batch/augment.hpp>
#include <data/image/image.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace lrfind::data {

/// Images side by side: NHWC bytes. Returns its buffers to the pool they came from when it is destroyed.
struct Batch {
  int size = 0;
  ImageShape shape;
  std::vector<std::uint8_t> pixels;    ///< size * shape.bytes()
  std::vector<std::int64_t> labels;    ///< size
  std::vector<std::uint32_t> indices;  ///< which image of the split each is; size
  std::vector<AugmentationParams>
      augmentations;  ///< image by image, left to do (LoaderOptions::augment_later); else empty

  Batch() = default;
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&& other) noexcept;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch();

  /// Makes room for `images` of this shape with `augmentations_per_image`.
  void resize(int images, const ImageShape& image_shape, std::size_t augmentations_per_image);
  /// Closes the gaps of the images for which `left_out` is not 0. augmentations must be empty.
  void leave_out(const std::vector<std::uint8_t>& left_out);

  class Pool;
  std::shared_ptr<Pool> pool;
};

/// Batches whose buffers are used again. Thread-safe.
class Batch::Pool {
 public:
  Batch take();
  void give(Batch batch);

 private:
  std::mutex mutex_;
  std::vector<Batch> batches_;  // without a pool of their own
};

}  // namespace lrfind::data
