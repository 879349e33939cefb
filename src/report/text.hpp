// Text for people: its width on the screen, and numbers in words they know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

/// Columns that UTF-8 text takes on a screen: 0 for combining marks, 2 for wide East Asian characters and emoji.
int display_width(std::string_view text);

/// The text with control characters, marks that turn the direction of text, what cannot be seen, and bytes that are not
/// UTF-8 replaced by '?', so that a file name cannot steer the terminal.
std::string printable(std::string_view text);

/// JSON that says the same without such characters: they stand as escapes in its strings.
std::string json_printable(std::string_view json);

/// The text cut to `columns`, the cut marked by "..." (or "…").
std::string shortened(std::string_view text, int columns, bool unicode = false);

/// The text with spaces added on the right or left up to `columns`.
std::string padded_right(std::string_view text, int columns);
std::string padded_left(std::string_view text, int columns);

/// Words wrapped at `columns`, every line indented; the first line starts with `first` in place of its indent.
std::string wrapped(std::string_view text, int columns, int indent, std::string_view first = "");

/// A learning rate with up to three significant digits: 0.0123, 1.2e-5, 3.
std::string format_rate(double lr);

/// Any number with up to three significant digits: 0.123, -0.5, 1.2e-05.
std::string format_number(double value);

/// A loss with about four significant digits: 2.303, 0.0512, 1.2e-5; "-" when not finite.
std::string format_loss(double loss);

/// 65.4 becomes "1:05", 3661 "1:01:01".
std::string format_clock(double seconds);

/// 60000 becomes "60,000".
std::string format_count(std::int64_t count);

}  // namespace lrfind::report
