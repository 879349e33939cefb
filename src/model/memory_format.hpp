// In which order a network's images and weights lie in memory.
#pragma once

#include "model/network.hpp"

namespace lrfind::model {

/// Channels-last, which trains faster, but for a network that must not be trained so on this device: on the CPU, the
/// weight gradient of a strided 1 x 1 convolution over fewer channels than a vector register holds writes past its
/// workspace (oneDNN 2.6 to current, https://github.com/uxlfoundation/oneDNN/issues/6035). Runs `image` through the
/// network once, on the CPU. image: float [N, channels, height, width].
torch::MemoryFormat memory_format(Network& network, const torch::Tensor& image, const torch::Device& device);

}  // namespace lrfind::model
