// What the machine refuses is an Error like any other.
#pragma once

#include <lrfind/error.hpp>

namespace lrfind {

/// To be called where an exception is being handled: the Error that it is, or one that says what the machine refused
/// (memory, threads, files) and what would help. Every other exception, a mistake of ours or Interrupted, is thrown on.
Error current_error();

}  // namespace lrfind
