// A table with some of its rows at hand, to see what its columns hold.
#pragma once

#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace lrfind::data {

struct SampledTable {
  const Table& table;
  bool has_header = false;         ///< for sure; the images decide where the names do not
  std::size_t first_row = 0;       ///< of the data
  std::size_t width = 0;           ///< columns
  std::vector<std::string> names;  ///< of the columns, some or all empty
  std::vector<std::string> first;  ///< the fields of row 0; none in JSON
  std::vector<std::vector<std::string>> sample;

  /// The sampled values of a column.
  std::vector<std::string> values_of(std::size_t column) const;
  bool nested(std::size_t column) const { return column < table.nested.size() && table.nested[column]; }
  /// "column 'id'", or "column 2" where it has no name.
  std::string name(std::size_t column) const;
  /// Throws Error (data) with the candidates and the first rows as they were understood.
  [[noreturn]] void fail_ambiguous(const std::string& what, const std::string& right_name,
                                   const std::vector<std::size_t>& candidates) const;
};

/// Throws NoImages where there are no rows, or no two columns. The table must outlive the result.
SampledTable sampled_table(const Table& table);

std::string name_of_column(const std::vector<std::string>& names, std::size_t column);

}  // namespace lrfind::data
