// Which column of a manifest names the images: the one whose values are files.
#pragma once

#include <data/dataset/image_places.hpp>
#include <data/dataset/sampled_table.hpp>

#include <functional>

namespace lrfind::data {

struct ImageColumn {
  std::size_t column = 0;
  ImagePlaces places;
};

/// Throws NoImages where no column does, and DataError where several could be meant.
ImageColumn find_image_column(const SampledTable& rows, const std::function<bool()>& should_stop);

bool looks_like_path(const std::string& value);

}  // namespace lrfind::data
