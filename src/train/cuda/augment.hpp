// Augmentation of a whole batch at once, on the device where it lies.
#pragma once

#include "data/batch/augment.hpp"

#include <torch/torch.h>

#include <functional>
#include <span>

namespace lrfind::train {

/// What data::apply makes of every image of a batch. pixels: uint8 [N, height, width, channels], left as they are.
/// augmentations: for every image in turn its k, of the same kinds for all. `send` brings a tensor to the pixels'
/// device. Returns uint8 of the same shape. Flips and moves are the very bytes of data::apply, the other kinds may
/// differ from them by one.
torch::Tensor augmented(const torch::Tensor& pixels, std::span<const data::AugmentationParams> augmentations,
                        const std::function<torch::Tensor(const torch::Tensor&)>& send);

}  // namespace lrfind::train
