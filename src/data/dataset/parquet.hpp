// Parquet files, in which Hugging Face keeps images: they are not read, but told apart, with the line that unpacks
// them.
#pragma once

#include <data/dataset/files.hpp>

#include <string>

namespace lrfind::data {

/// Throws Error (data) with a line of Python where the path is a Parquet file, or a folder with some at a depth of
/// three at most.
void refuse_parquet(const Files& files, const std::string& path);

}  // namespace lrfind::data
