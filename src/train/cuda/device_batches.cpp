#include "train/cuda/device_batches.hpp"

#include "train/cuda/augment.hpp"

#include <algorithm>

namespace lrfind::train {

namespace {

constexpr std::size_t most_pinned_buffers = 32;  // on their way at a time

}  // namespace

void DeviceBatches::keep(std::size_t images, std::size_t bytes) {
  kept_images_ = images;
  kept_bytes_ = bytes;
  kept_ = torch::Tensor();
  is_kept_.clear();
}

void DeviceBatches::make_room(const std::vector<ByteTensors>& batches) {
  bool fits = batches.size() == batches_.size();
  for (std::size_t i = 0; fits && i < batches.size(); ++i) {
    fits = batches[i].pixels.sizes() == batches_[i].pixels.sizes();
  }
  if (fits) return;
  batches_.clear();
  picks_.clear();
  for (const auto& batch : batches) {
    const auto labels = torch::empty(batch.labels.sizes(), batch.labels.options().device(device_));
    batches_.push_back({torch::empty(batch.pixels.sizes(), batch.pixels.options().device(device_)), labels, {}, {}});
    picks_.push_back(torch::empty_like(labels));
  }
  ++moves_;
}

// Sends a copy of `host` on its way to `target` on the device: `host` may change at once, and nobody waits.
void DeviceBatches::send(const torch::Tensor& host, const torch::Tensor& target) {
  if (device_.is_cpu()) {
    target.copy_(host);
    return;
  }
  PinnedBuffer buffer;
  const auto same = [&](const PinnedBuffer& other) {
    return other.memory.sizes() == host.sizes() && other.memory.scalar_type() == host.scalar_type();
  };
  const auto old = std::find_if(pinned_.begin(), pinned_.end(), same);
  const auto alike = static_cast<std::size_t>(std::count_if(pinned_.begin(), pinned_.end(), same));
  if (alike >= most_pinned_buffers / 2 || (old != pinned_.end() && pinned_.size() >= most_pinned_buffers)) {
    buffer = std::move(*old);
    pinned_.erase(old);
    buffer.sent->wait();
  } else {
    if (pinned_.size() >= most_pinned_buffers) {
      pinned_.front().sent->wait();
      pinned_.pop_front();
    }
    buffer.memory = torch::empty(host.sizes(), host.options().pinned_memory(true));
  }
  buffer.memory.copy_(host);
  target.copy_(buffer.memory, true);
  buffer.sent.emplace(device_);
  pinned_.push_back(std::move(buffer));
}

torch::Tensor DeviceBatches::send(const torch::Tensor& host) {
  const auto target = torch::empty(host.sizes(), host.options().device(device_));
  send(host, target);
  return target;
}

bool DeviceBatches::keeps(const ByteTensors& batch) {
  const auto image_bytes =
      static_cast<std::size_t>(batch.pixels.numel() / std::max<std::int64_t>(batch.pixels.size(0), 1));
  if (batch.indices.empty() || kept_images_ == 0 || kept_images_ * image_bytes > kept_bytes_) return false;
  if (!kept_.defined()) {
    auto shape = batch.pixels.sizes().vec();
    shape[0] = static_cast<std::int64_t>(kept_images_);
    try {
      kept_ = torch::empty(shape, batch.pixels.options().device(device_));
    } catch (const c10::Error&) {  // the device is fuller than the budget thought
      kept_images_ = 0;
      return false;
    }
    is_kept_.assign(kept_images_, false);
  }
  return true;
}

// Sends what is not there yet and picks the batch from what is.
void DeviceBatches::gather(const ByteTensors& from, std::size_t to) {
  std::vector<std::int64_t> all, missing, places;
  for (std::size_t slot = 0; slot < from.indices.size(); ++slot) {
    const std::uint32_t image = from.indices[slot];
    all.push_back(image);
    if (is_kept_[image]) continue;
    is_kept_[image] = true;
    missing.push_back(image);
    places.push_back(static_cast<std::int64_t>(slot));
  }
  if (!missing.empty()) {
    kept_.index_copy_(0, send(torch::tensor(missing, torch::kLong)),
                      send(from.pixels.index_select(0, torch::tensor(places, torch::kLong))));
    brought_ += missing.size();
  }
  send(torch::tensor(all, torch::kLong), picks_[to]);
  at::index_select_out(batches_[to].pixels, kept_, 0, picks_[to]);
}

const std::vector<ByteTensors>& DeviceBatches::bring(const std::vector<ByteTensors>& batches) {
  const torch::NoGradGuard no_grad;
  make_room(batches);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (keeps(batches[i])) {
      gather(batches[i], i);
    } else {
      send(batches[i].pixels, batches_[i].pixels);
      brought_ += static_cast<std::size_t>(batches[i].pixels.size(0));
    }
    if (!batches[i].augmentations.empty()) {
      batches_[i].pixels.copy_(augmented(batches_[i].pixels, batches[i].augmentations,
                                         [this](const torch::Tensor& host) { return send(host); }));
    }
    send(batches[i].labels, batches_[i].labels);
  }
  return batches_;
}

}  // namespace lrfind::train
