// Whole files into memory, by plain reads into a buffer that is used again: a file that is cut short meanwhile is a
// short file and not a crash, as it would be when mapped. scripts/bench/ratios.py measures a sweep over files against
// the same steps on images in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::data {

/// Reads a file into `buffer` (resized to it, capacity kept). Returns the error as one clause, empty when it was read.
/// Folders, pipes and devices are refused, so that a read cannot block.
std::string read_file(const std::string& path, std::vector<std::uint8_t>& buffer);

}  // namespace lrfind::data
