// Files that no reader ever sees half of: written beside the old one, flushed and renamed. It buys no time but costs a
// flush to the disk per file; tests/platform/write_file_test.cpp kills a writer in the middle and fills the disk.
#pragma once

#include <cstddef>
#include <lrfind/error.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lrfind::report {

/// Makes `path` hold `contents`: written to a temporary name in the same folder, flushed to the disk and renamed, so
/// the old file stays whole until the new one is. A symbolic link stays a link and its target is replaced. What is not
/// a regular file (a FIFO, /dev/null, /dev/stdout, /dev/fd/N) is written straight through. Throws Error (output).
void write_file(const std::string& path, std::string_view contents);

/// The same, but contents that cannot be written there are not lost: they go to a new file in a folder for temporary
/// files, whose name ends with `name` (empty: that of `path`), or to stdout. Returns the error, whose sentence says
/// where they are, or nothing.
std::optional<Error> write_file_or_elsewhere(const std::string& path, std::string_view contents,
                                             const std::string& name = "");

/// All of it, however often the system takes a part or is interrupted. Returns 0 or the error's number.
int write_to_descriptor(int fd, std::string_view contents);

/// Throws Error (output) when it can be known now that write_file(path) would fail: no such folder, a folder in its
/// place, no permission, no room for `expected_bytes`. Leaves nothing behind and an existing file as it is.
void check_writable(const std::string& path, std::size_t expected_bytes = 65536);

}  // namespace lrfind::report
