#include <data/batch/order.hpp>

#include <stdexcept>
#include <string>

namespace lrfind::data {

namespace {

// Salts of the seed.
constexpr std::uint64_t order_salt = 11;
constexpr std::uint64_t substitute_salt = 12;
constexpr std::uint64_t augment_salt = 13;

}  // namespace

Permutation stream_order(std::uint32_t images, std::uint64_t seed, std::uint64_t epoch) {
  return {images, seed_of(seed, order_salt, epoch)};
}

Stream::Stream(std::size_t images, std::vector<std::uint32_t> indices, std::uint64_t seed)
    : indices_(std::move(indices)),
      images_(static_cast<std::uint32_t>(indices_.empty() ? images : indices_.size())),
      seed_(seed) {
  for (const std::uint32_t i : indices_) {
    if (i >= images) throw std::invalid_argument("an image of index " + std::to_string(i) + " does not exist");
  }
}

std::uint32_t Stream::image_at(std::uint64_t position) {
  const std::uint64_t epoch = position / images_;
  if (!order_ || epoch != epoch_) {
    order_.emplace(stream_order(images_, seed_, epoch));
    epoch_ = epoch;
  }
  return chosen((*order_)[static_cast<std::uint32_t>(position % images_)]);
}

Random Stream::substitutes_at(std::uint64_t position) const {
  return Random(seed_of(seed_, substitute_salt, position));
}

Random Stream::augmentation_at(std::uint64_t position) const { return Random(seed_of(seed_, augment_salt, position)); }

}  // namespace lrfind::data
