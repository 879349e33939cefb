// Text as people and other programs write it: its case, its blanks, and what separates its parts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind {

/// A to Z as a to z; every other byte, and so every letter beyond ASCII, as it is.
std::string lower_case(std::string_view text);

/// Without the blanks, tabs and carriage returns at its ends.
std::string_view trimmed(std::string_view text);

/// What stands between separators: one part more than there are separators, some of them empty.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The items with ", " between them, and `last` before the last one.
std::string joined(const std::vector<std::string>& items, std::string_view last = ", ");

/// A row of a text table.
struct DelimitedRow {
  std::vector<std::string> fields;  ///< those that are not quoted are trimmed
  std::size_t end = 0;              ///< in the text, behind the row's line end
};

/// The row that starts at `at`, with quotes as in RFC 4180: a quoted field may hold the delimiter, line ends, and a
/// quote as two. Several blanks and tabs delimit once where the delimiter is a blank. Nothing where a quote is not
/// closed or followed by text.
std::optional<DelimitedRow> delimited_row(std::string_view text, std::size_t at, char delimiter);

}  // namespace lrfind
