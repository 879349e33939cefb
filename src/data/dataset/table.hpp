// A text file of rows and columns: values between commas, semicolons, tabs, bars or blanks (RFC 4180 quoting), or one
// JSON object a line. The whole text stays in memory and a row is cut into fields when it is asked for, so that a
// million rows cost little more than their text.
#pragma once

#include <data/dataset/files.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

struct Table {
  struct Row {
    std::uint64_t begin;  ///< where it starts in `text`
    std::uint64_t line;   ///< of the file, from 1
  };

  std::string file;                                      ///< as the user named it
  std::shared_ptr<const Files> files = files_on_disk();  ///< where it is
  std::string text;
  char delimiter = ',';
  std::vector<Row> rows;            ///< empty lines are no rows
  std::vector<std::string> header;  ///< the columns' names, where they are known for sure (JSON); otherwise empty
  std::vector<bool> nested;         ///< of a JSON key: some row has a list or an object there

  std::size_t size() const { return rows.size(); }
  /// The values of a row; those that are not quoted are trimmed.
  std::vector<std::string> fields(std::size_t row) const;
  /// Throws Error (data): "'FILE' line N: WHAT".
  [[noreturn]] void fail(std::size_t row, const std::string& what) const;
};

/// Whether a file's name says that it is one: .csv, .tsv, .txt or .jsonl, in any case.
bool is_table_name(std::string_view name);
bool is_json_lines_name(std::string_view name);

/// Reads a table; what separates the columns is found by looking. UTF-8 with or without a byte-order mark, or UTF-16
/// with one; line ends of any system. Throws Error (data) where it is no text or a quote is not closed, and
/// Interrupted.
Table read_table(const std::string& file, const std::stop_token& stop = {},
                 std::shared_ptr<const Files> files = files_on_disk());

/// Up to `most` row numbers from `first` to the last, evenly spaced, always the same for the same table.
std::vector<std::size_t> sample_of_rows(const Table& table, std::size_t first, std::size_t most);

/// The text in single quotes for a message: at most 80 characters, control characters escaped.
std::string quoted(std::string_view text);

}  // namespace lrfind::data
