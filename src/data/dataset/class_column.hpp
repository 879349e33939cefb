// Which column of a manifest says the images' classes, or which columns of zeros and ones do.
#pragma once

#include <data/dataset/sampled_table.hpp>
#include <lrfind/error.hpp>
#include <stop_token>

#include <functional>

namespace lrfind::data {

struct ClassColumns {
  std::size_t label = 0;             ///< where one_hot is empty
  std::vector<std::size_t> one_hot;  ///< a column for each class, 1 where an image is of it
};

/// The choice among `others`, the columns that hold neither images nor split. `path` is the images' column, and
/// `as_named` says that its values are the files' paths. Throws NoClasses where none can be the class, and Error (data)
/// where several could be.
ClassColumns find_class_columns(const SampledTable& rows, const std::vector<std::size_t>& others, std::size_t path,
                                bool as_named, const std::stop_token& stop);

}  // namespace lrfind::data
