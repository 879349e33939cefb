// From decoded images to what a network takes.
#pragma once

#include "train/recipe.hpp"

#include <torch/torch.h>

namespace lrfind::train {

/// A batch as the data path hands it over. pixels: uint8 [N, height, width, channels]; labels: int64 [N].
struct ImageBatch {
  torch::Tensor pixels;
  torch::Tensor labels;
};

/// Float images [N, channels, height, width] in channels-last memory, on the pixels' device. On the CPU this is one
/// pass over the pixels.
torch::Tensor normalise(const torch::Tensor& pixels, const Normalisation& normalisation);

}  // namespace lrfind::train
