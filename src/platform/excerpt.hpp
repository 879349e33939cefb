// Foreign text in sentences for people.
#pragma once

#include <string>
#include <string_view>

namespace lrfind {

/// A value to be quoted, cut to 80 bytes and "..." where it is longer. Never in the midst of a UTF-8 character.
std::string excerpt(std::string_view value);

/// A message of which no part is so long that nobody reads the rest: words cut to an excerpt where the whole is longer
/// than 1,000 bytes, then its middle left out where it is longer than 3,000.
std::string readable_length(std::string_view message);

/// The text with control characters as escapes, "\x1b[31m", so that a program's output can stand in a sentence.
std::string visible(std::string_view text);

}  // namespace lrfind
