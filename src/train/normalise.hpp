// From decoded images to what a network takes.
#pragma once

#include "data/batch/augment.hpp"
#include "train/recipe.hpp"
#include "train/rounding.hpp"

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace lrfind::train {

/// A batch as the data path hands it over. pixels: uint8 [N, height, width, channels]; labels: int64 [N].
/// indices: which image of the training set each is, where they are known; they outlive the call that takes the batch.
/// augmentations: those still to be applied (BatchView::augmentations); likewise.
struct ByteTensors {
  torch::Tensor pixels;
  torch::Tensor labels;
  std::span<const std::uint32_t> indices = {};
  std::span<const data::AugmentationParams> augmentations = {};
};

/// Turns bytes into what a network takes, on one device.
class Normaliser {
 public:
  Normaliser(const Normalisation& normalisation, const torch::Device& device,
             torch::MemoryFormat format = torch::MemoryFormat::ChannelsLast, Rounding rounding = Rounding::own);

  /// Float images [N, channels, height, width] in the memory format and on the device of the constructor, where the
  /// pixels must be. On the CPU and channels-last this is one pass over the pixels.
  torch::Tensor operator()(const torch::Tensor& pixels) const;

 private:
  torch::Tensor on_cpu(const torch::Tensor& pixels) const;

  // A byte has 256 values: on the CPU the whole formula is one look-up per channel.
  std::vector<std::array<float, 256>> tables_;
  torch::Tensor mean_, scale_;  // elsewhere, per channel, of bytes
  torch::MemoryFormat format_;
};

}  // namespace lrfind::train
