// Which column of a manifest names the images: the one whose values are files.
#pragma once

#include <data/dataset/image_places.hpp>
#include <data/dataset/sampled_table.hpp>
#include <lrfind/error.hpp>
#include <stop_token>

#include <functional>

namespace lrfind::data {

struct ImageColumn {
  std::size_t column = 0;
  ImagePlaces places;
};

/// Throws NoImages where no column does, and Error (data) where several could be meant.
ImageColumn find_image_column(const SampledTable& rows, const std::stop_token& stop);

bool looks_like_path(const std::string& value);

}  // namespace lrfind::data
