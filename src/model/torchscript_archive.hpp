// A look at a TorchScript file before LibTorch is given it. LibTorch unpacks what a file declares, and compiles the
// source in it with functions that call themselves once per nesting: a few kilobytes take gigabytes, or end the
// process.
#pragma once

#include <string>
#include <string_view>

namespace lrfind::model {

/// Why the file is not to be given to LibTorch, one clause: its archive's entries overlap or unpack to far more than
/// the file, its source is nested beyond all compilers' need, or what runs while it is loaded reaches for files. Empty:
/// none of these, or no archive at all.
std::string archive_problem(const std::string& path);

/// The same of the source in it, all files in one.
std::string source_problem(std::string_view source);

}  // namespace lrfind::model
