// Part of a file that is open, wherever another thread reads from it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lrfind {

/// Reads from a descriptor until `count` bytes are there or the file ends; returns how many.
std::size_t read_at(int file, std::uint64_t at, void* to, std::size_t count);

}  // namespace lrfind
