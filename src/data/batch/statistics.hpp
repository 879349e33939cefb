// Mean and standard deviation of the pixels, and the usual size of the images.
#pragma once

#include <data/batch/image_store.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace lrfind::data {

struct ChannelStatistics {
  std::vector<double> mean;  ///< per channel, 0 to 1
  std::vector<double> std;   ///< per channel, 0 to 1; at least 1/255, so that one can divide by it
  std::size_t images = 0;    ///< how many it was measured on
};

/// Over all pixels of a fixed sample of the training images at their final size. The same for any number of threads.
/// Throws Error (data) when no image of the sample is readable, Interrupted.
ChannelStatistics channel_statistics(ImageStore& store, std::size_t images = 512, std::uint64_t seed = 0,
                                     unsigned threads = 0, const std::stop_token& stop = {});

/// Median height and width (after orientation) of a fixed sample of the training images, from their headers; channels
/// is 1 when all of them are grey. For IDX the shape of its images. Throws Error (data) when none is readable.
ImageShape typical_shape(const Dataset& dataset, std::size_t images = 64, std::uint64_t seed = 0);

}  // namespace lrfind::data
