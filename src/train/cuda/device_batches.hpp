// How batches get to the device that trains.
#pragma once

#include "train/cuda/device_mark.hpp"
#include "train/normalise.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace lrfind::train {

/// Brings batches to a device without waiting for it: through page-locked memory, into memory that stays in place, so
/// that a CUDA graph finds every batch where the first one was. Images that are the same whenever they come again can
/// stay on the device: then each is brought once, and a batch is gathered there.
class DeviceBatches {
 public:
  explicit DeviceBatches(const torch::Device& device) : device_(device) {}

  /// From now on images are known by ByteTensors::indices, below `images`, and stay on the device as uint8 where all of
  /// them fit into `bytes`. Without this call, or with 0 images, every batch is brought whole.
  void keep(std::size_t images, std::size_t bytes);

  /// The batches on the device, augmented there. The tensors are the same objects from call to call while the shapes
  /// stay.
  const std::vector<ByteTensors>& bring(const std::vector<ByteTensors>& batches);

  /// How often the memory of the batches moved because their shapes changed.
  int moves() const { return moves_; }
  /// Images that were brought to the device so far.
  std::size_t brought() const { return brought_; }

 private:
  // Page-locked memory on its way to the device.
  struct PinnedBuffer {
    torch::Tensor memory;
    std::optional<DeviceMark> sent;
  };

  void make_room(const std::vector<ByteTensors>& batches);
  void send(const torch::Tensor& host, const torch::Tensor& target);
  torch::Tensor send(const torch::Tensor& host);
  void gather(const ByteTensors& from, std::size_t to);
  bool keeps(const ByteTensors& batch);

  torch::Device device_;
  std::vector<ByteTensors> batches_;
  std::vector<torch::Tensor> picks_;  // which of the kept images each batch is made of
  std::deque<PinnedBuffer> pinned_;
  std::size_t kept_images_ = 0, kept_bytes_ = 0;
  torch::Tensor kept_;  // uint8 [images, height, width, channels], once the first batch told the shape
  std::vector<bool> is_kept_;
  int moves_ = 0;
  std::size_t brought_ = 0;
};

}  // namespace lrfind::train
