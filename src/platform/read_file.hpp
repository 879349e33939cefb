// Whole files into memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::data {

/// Reads a file into `buffer` (resized to it, capacity kept). Returns the error as one clause, empty when it was read.
/// Folders, pipes and devices are refused, so that a read cannot block.
std::string read_file(const std::string& path, std::vector<std::uint8_t>& buffer);

}  // namespace lrfind::data
