#include <data/batch/batch.hpp>

#include <cstring>
#include <new>

namespace lrfind::data {

Batch Batch::Pool::take() {
  const std::lock_guard lock(mutex_);
  if (batches_.empty()) return {};
  Batch batch = std::move(batches_.back());
  batches_.pop_back();
  return batch;
}

void Batch::Pool::give(Batch batch) {
  const std::lock_guard lock(mutex_);
  batches_.push_back(std::move(batch));
}

Batch::~Batch() {
  if (!pool) return;
  try {
    const std::shared_ptr<Pool> owner = std::move(pool);
    owner->give(std::move(*this));
  } catch (const std::bad_alloc&) {  // then the buffers are freed as usual
  }
}

Batch& Batch::operator=(Batch&& other) noexcept {
  if (this == &other) return *this;
  Batch old(std::move(*this));  // returns the buffers held so far
  size = other.size;
  shape = other.shape;
  pixels = std::move(other.pixels);
  labels = std::move(other.labels);
  indices = std::move(other.indices);
  augmentations = std::move(other.augmentations);
  pool = std::move(other.pool);
  return *this;
}

void Batch::resize(int images, const ImageShape& image_shape, std::size_t augmentations_per_image) {
  size = images;
  shape = image_shape;
  const auto slots = static_cast<std::size_t>(images);
  pixels.resize(slots * shape.bytes());
  labels.resize(slots);
  indices.resize(slots);
  augmentations.resize(slots * augmentations_per_image);
}

void Batch::leave_out(const std::vector<std::uint8_t>& left_out) {
  const std::size_t bytes = shape.bytes();
  std::size_t kept = 0;
  for (std::size_t slot = 0; slot < static_cast<std::size_t>(size); ++slot) {
    if (left_out[slot] != 0) continue;
    if (kept != slot) {
      std::memcpy(pixels.data() + kept * bytes, pixels.data() + slot * bytes, bytes);
      labels[kept] = labels[slot];
      indices[kept] = indices[slot];
    }
    ++kept;
  }
  resize(static_cast<int>(kept), shape, 0);
}

}  // namespace lrfind::data
