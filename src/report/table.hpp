// Small tables in text.
#pragma once

#include <string>
#include <vector>

namespace lrfind::report {

enum class Align { left, right };

struct Column {
  std::string header;
  Align align = Align::left;
};

/// Rows of cells under headers, columns two spaces apart and as wide as their widest cell on the screen (UTF-8 aware).
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  /// As many cells as columns; control characters in them are replaced. Throws std::invalid_argument otherwise.
  void add_row(std::vector<std::string> cells);

  /// The table, lines ending in a newline. Where it is wider than max_columns (> 0), the widest left-aligned column is
  /// shortened. `indent` spaces precede every line.
  std::string text(int max_columns = 0, int indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lrfind::report
