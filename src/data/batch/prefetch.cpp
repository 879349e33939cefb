#include <data/batch/prefetch.hpp>

#include <data/batch/order.hpp>
#include <platform/parallel.hpp>

#include <algorithm>
#include <exception>

namespace lrfind::data {

Prefetch::Prefetch(std::shared_ptr<ImageStore> store, std::uint64_t seed, std::uint64_t images, unsigned threads)
    : store_(std::move(store)),
      order_(stream_order(static_cast<std::uint32_t>(store_->samples(Split::train).size()), seed, 0)),
      images_(std::min<std::uint64_t>({images, order_.size(), store_->capacity()})) {
  start_threads(threads_, threads, [this] { work(); });
}

void Prefetch::work() {
  std::vector<std::uint8_t> scratch(store_->shape().bytes());
  try {
    while (!stopping_) {
      const std::uint64_t position = next_++;
      if (position >= images_) return;
      store_->fetch(Split::train, order_[static_cast<std::uint32_t>(position)], scratch.data());
    }
  } catch (const std::exception&) {  // whoever needs the image meets the trouble again and says so
  }
}

}  // namespace lrfind::data
