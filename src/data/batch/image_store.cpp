#include <data/batch/image_store.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace lrfind::data {

ImageStore::ImageStore(const Dataset& dataset, const StoreOptions& options) : options_(options) {
  const ImageShape& shape = options.shape;
  if (shape.height < 1 || shape.width < 1 || (shape.channels != 1 && shape.channels != 3)) {
    throw std::invalid_argument("images must be at least 1 x 1 pixels with 1 or 3 channels");
  }
  for (const Split split : {Split::train, Split::val}) {
    Table& table = tables_[number(split)];
    table.samples = dataset.samples(split);
    table.kept = std::make_unique<std::atomic<const std::uint8_t*>[]>(table.samples.size());
    table.used.resize(table.samples.size());
  }
  max_kept_images_ = options.cache_bytes / shape.bytes();
  slab_images_ = std::max<std::size_t>(1, (std::size_t{1} << 20U) / shape.bytes());
}

ImageStore::~ImageStore() = default;

std::uint8_t* ImageStore::reserve() {
  if (kept_images_ >= max_kept_images_) return nullptr;
  const std::size_t place = kept_images_ % slab_images_;
  if (place == 0) {
    slabs_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(slab_images_ * options_.shape.bytes()));
  }
  ++kept_images_;
  return slabs_.back().get() + place * options_.shape.bytes();
}

Decoded ImageStore::decode_now(const Samples& samples, std::size_t i) const {
  Decoded decoded;
  if (const std::uint8_t* in_memory = samples.pixels(i)) {
    decoded.image = data::resize(in_memory, samples.pixel_shape(), options_.shape, options_.resize);
    return decoded;
  }
  thread_local std::vector<std::uint8_t> file;  // keeps its capacity from image to image, unless that is unusual
  if (file.capacity() > std::size_t{1} << 25U) file = {};
  decoded.error = samples.read(i, file);
  return decoded.ok() ? decode(file, {options_.shape, options_.resize}, decode_budget()) : decoded;
}

const std::uint8_t* ImageStore::fetch(Split split, std::size_t i, std::uint8_t* scratch) {
  Table& table = tables_[number(split)];
  const std::uint8_t* in_memory = table.samples.pixels(i);
  if (in_memory != nullptr && table.samples.pixel_shape() == options_.shape) return in_memory;
  const auto known = [&](const std::uint8_t* kept) { return kept == &unreadable_mark_ ? nullptr : kept; };
  if (const std::uint8_t* kept = table.kept[i].load(std::memory_order_acquire)) return known(kept);

  // Two batches may want one image at the same time; it is still decoded once.
  const auto image = static_cast<std::uint32_t>(i);
  std::unique_lock lock(mutex_);
  decoded_one_.wait(lock, [&] { return !table.in_work.contains(image); });
  if (const std::uint8_t* kept = table.kept[i].load(std::memory_order_relaxed)) return known(kept);
  table.in_work.insert(image);
  lock.unlock();
  Decoded decoded;
  try {
    decoded = decode_now(table.samples, i);
  } catch (...) {
    lock.lock();
    table.in_work.erase(image);
    decoded_one_.notify_all();
    throw;
  }
  ++decoded_;
  lock.lock();
  table.in_work.erase(image);
  decoded_one_.notify_all();
  if (!decoded.ok()) {
    table.errors.emplace(image, decoded.error);
    table.kept[i].store(&unreadable_mark_, std::memory_order_release);
    return nullptr;
  }
  if (in_memory == nullptr && decoded.header.format != format_of_name(table.samples.path(i))) {
    table.misnamed.emplace(image, to_string(decoded.header.format));
  }
  std::uint8_t* place = reserve();
  std::memcpy(place != nullptr ? place : scratch, decoded.image.pixels.data(), options_.shape.bytes());
  if (place == nullptr) return scratch;
  table.kept[i].store(place, std::memory_order_release);
  return place;
}

void ImageStore::mark_used(Split split, std::span<const std::uint32_t> images) {
  Table& table = tables_[number(split)];
  const std::lock_guard lock(mutex_);
  for (const std::uint32_t i : images) {
    if (table.used[i]) continue;
    table.used[i] = true;
    ++used_images_;
    if (table.errors.contains(i)) ++used_unreadable_;
  }
}

bool ImageStore::used(Split split, std::size_t i) const {
  const std::lock_guard lock(mutex_);
  return tables_[number(split)].used[i];
}

void ImageStore::mark_unreadable(Split split, std::size_t i, const std::string& error) {
  Table& table = tables_[number(split)];
  const std::lock_guard lock(mutex_);
  table.errors.emplace(static_cast<std::uint32_t>(i), error);
}

void ImageStore::mark_misnamed(Split split, std::size_t i, const std::string& format) {
  Table& table = tables_[number(split)];
  const std::lock_guard lock(mutex_);
  table.misnamed.emplace(static_cast<std::uint32_t>(i), format);
}

std::vector<Unreadable> ImageStore::unreadable() const {
  std::vector<Unreadable> result;
  const std::lock_guard lock(mutex_);
  for (const Table& table : tables_) {
    for (const auto& [i, error] : table.errors) {
      if (table.used[i]) result.push_back({table.samples.path(i), error});
    }
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::vector<Misnamed> ImageStore::misnamed() const {
  std::vector<Misnamed> result;
  const std::lock_guard lock(mutex_);
  for (const Table& table : tables_) {
    for (const auto& [i, format] : table.misnamed) {
      if (table.used[i]) result.push_back({table.samples.path(i), format});
    }
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::size_t ImageStore::images_used() const {
  const std::lock_guard lock(mutex_);
  return used_images_;
}

std::size_t ImageStore::unreadable_used() const {
  const std::lock_guard lock(mutex_);
  return used_unreadable_;
}

std::size_t ImageStore::cached_images() const {
  const std::lock_guard lock(mutex_);
  return kept_images_;
}

}  // namespace lrfind::data
