// What the columns of a table hold, and whether that can be the classes of images.
#pragma once

#include <data/dataset/table.hpp>
#include <stop_token>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

struct ColumnValues {
  std::map<std::string, std::size_t> counts;  ///< of every value that is not empty, while they are few enough to keep
  bool too_many = false;                      ///< `counts` was given up
  std::size_t rows = 0;                       ///< with a value
  bool zero_or_one = true;                    ///< 0, 1, 0.0, 1.0, true, false and nothing else
  bool counts_rows = true;                    ///< every value is one more than the row before

  bool empty() const { return rows == 0; }
};

/// One entry a column, from all rows beginning with `first`.
std::vector<ColumnValues> values_of_columns(const Table& table, std::size_t first, std::size_t columns,
                                            const std::stop_token& stop);

/// A number written in digits, such as "-1.5e3".
std::optional<double> number_of(const std::string& text);

/// Why values that occur so often in so many rows are no classes, a clause ("has ..."); nothing when they can be. One
/// value alone is not judged here.
std::optional<std::string> why_no_classes(const std::map<std::string, std::size_t>& counts, std::size_t rows);

/// A value that is a set of tags, where the values are such; nothing where they are not.
std::optional<std::string> several_labels(const std::map<std::string, std::size_t>& counts);

/// Whether two columns divide the rows into the same groups under different names.
bool same_groups(const Table& table, std::size_t first, std::size_t one, std::size_t other);

/// "True", "1", "no", ... in any case; nothing for other words.
std::optional<bool> truth_of_word(std::string_view word);

}  // namespace lrfind::data
