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

/// The same into text, of files that have at most `most_bytes`.
std::string read_file(const std::string& path, std::string& text, std::uint64_t most_bytes);

/// What keeps a path from being read as a file, as one clause ("is a folder"); empty where nothing does. For files that
/// another library opens.
std::string no_regular_file(const std::string& path);

}  // namespace lrfind::data
