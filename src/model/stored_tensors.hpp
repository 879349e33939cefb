// Where the tensors of an exported program lie in its file, as plain values.
#pragma once

#include <lrfind/error.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::model {

/// What the file says of a stored tensor.
struct StoredTensor {
  std::string path;                          ///< of its bytes, below its folder of the archive
  int scalar_type = 0;                       ///< the schema's number
  std::vector<std::int64_t> sizes, strides;  ///< not negative, strides in elements
  std::int64_t offset = 0;                   ///< of the first element, in elements
  std::int64_t storage_elements = 0;         ///< that the sizes, strides and offset reach
};

/// json: a file's data/weights/NAME_weights_config.json or data/constants/NAME_constants_config.json. By name of
/// tensor. Throws Error (model).
std::map<std::string, StoredTensor> parse_stored_tensors(std::string_view json, const std::string& file);

}  // namespace lrfind::model
