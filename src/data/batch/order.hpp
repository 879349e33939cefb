#pragma once

#include <data/batch/random.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace lrfind::data {

/// The order of `images` images in an epoch of the stream of `seed`.
Permutation stream_order(std::uint32_t images, std::uint64_t seed, std::uint64_t epoch);

/// The endless stream of images that training draws from: position p holds image order_e[p mod n] in epoch e = p / n.
/// A function of the seed alone.
class Stream {
 public:
  /// Of `images` images of a split, or of `indices` of them only.
  Stream(std::size_t images, std::vector<std::uint32_t> indices, std::uint64_t seed);

  std::uint32_t images() const { return images_; }
  /// Fast where positions come in order; one thread at a time.
  std::uint32_t image_at(std::uint64_t position);
  /// Any of the images.
  std::uint32_t draw(Random& random) const { return chosen(random.below(images_)); }
  /// Random numbers that belong to this position: for what stands in for an image that cannot be read, and for
  /// augmentation.
  Random substitutes_at(std::uint64_t position) const;
  Random augmentation_at(std::uint64_t position) const;

 private:
  std::uint32_t chosen(std::uint32_t i) const { return indices_.empty() ? i : indices_[i]; }

  std::vector<std::uint32_t> indices_;
  std::uint32_t images_;
  std::uint64_t seed_;
  std::optional<Permutation> order_;
  std::uint64_t epoch_ = 0;
};

}  // namespace lrfind::data
