// Curves from text tables: comma, semicolon, tab or blanks, with or without a header, row names and quotes.
#include <lrfind/error.hpp>
#include "platform/text.hpp"
#include "report/csv.hpp"
#include "report/foreign_curve.hpp"
#include "report/measurements.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::report {
namespace {

struct Line {
  int number = 0;
  std::vector<std::string> cells;
};

char separator_of(std::string_view line) {
  for (const char candidate : {'\t', ';', ','}) {
    if (line.find(candidate) != std::string_view::npos) return candidate;
  }
  return trimmed(line).find(' ') == std::string_view::npos ? ',' : ' ';
}

std::vector<std::pair<int, std::string_view>> numbered_lines(std::string_view text) {
  std::vector<std::pair<int, std::string_view>> lines;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.emplace_back(number, text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(text.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
  return lines;
}

bool all_missing(const std::vector<std::string>& cells) {
  return std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); });
}

bool any_number(const std::vector<std::string>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const std::string& cell) {
    const std::optional<double> value = number_of(cell);
    return value && !std::isnan(*value);
  });
}

struct Table {
  std::vector<std::string> names;  ///< of the columns; empty without a header
  std::vector<Line> rows;
};

/// Whether the first line names columns. Numbers may be names too, but not beside a rate and a loss.
bool is_header(const Line& first, const std::string& source) {
  const CurveColumns columns = curve_columns(first.cells, source);
  return (columns.lr && columns.loss) || !any_number(first.cells);
}

Table table_of(std::string_view text, const std::string& source) {
  std::vector<Line> lines;
  std::string_view comment;
  char separator = 0;
  for (const auto& [number, line] : numbered_lines(text)) {
    if (trimmed(line).empty()) continue;
    if (trimmed(line).front() == '#') {
      if (lines.empty()) comment = trimmed(trimmed(line).substr(1));
      continue;
    }
    if (lines.empty() && line.starts_with("sep=") && line.size() == 5) {  // as Excel writes
      separator = line[4];
      continue;
    }
    if (separator == 0) separator = separator_of(line);
    std::optional<DelimitedRow> row = delimited_row(line, 0, separator);
    if (!row) {
      throw data_error("line " + std::to_string(number) + " of '" + source +
                       "' has a quote that is not closed or stands before more text");
    }
    for (std::string& cell : row->fields) cell = std::string(trimmed(cell));
    if (!all_missing(row->fields)) lines.push_back({number, std::move(row->fields)});
  }
  if (lines.empty()) {
    throw data_error("'" + source + "' is empty; a curve with the columns 'lr' and 'loss' is expected");
  }
  if (is_header(lines.front(), source)) return {lines.front().cells, {lines.begin() + 1, lines.end()}};
  // numpy.savetxt writes its header as a comment.
  const auto in_comment = delimited_row(comment, 0, separator_of(comment));
  const std::vector<std::string> names = in_comment ? in_comment->fields : std::vector<std::string>();
  const CurveColumns columns = curve_columns(names, source);
  return {columns.lr && columns.loss ? names : std::vector<std::string>(), std::move(lines)};
}

struct Column {
  std::string name;
  std::size_t place;
  std::vector<double> Trial::*values;
};

std::vector<Column> named_columns(const std::vector<std::string>& names, const std::string& source) {
  const CurveColumns found = curve_columns(names, source);
  for (const auto& [wanted, others, column] : {std::tuple{"lr", "'lrs' or 'learning_rate'", found.lr},
                                               std::tuple{"loss", "'losses' or 'train_loss'", found.loss}}) {
    if (column) continue;
    throw data_error("'" + source + "' has no column '" + wanted + "' (nor " + others + "); its first line has " +
                     quoted_names(names));
  }
  std::vector<Column> columns = {{names[*found.lr], *found.lr, &Trial::lr},
                                 {names[*found.loss], *found.loss, &Trial::loss}};
  for (const auto& [name, values] : measurements) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at != names.end()) columns.push_back({name, static_cast<std::size_t>(at - names.begin()), values});
  }
  return columns;
}

std::vector<Column> columns_of(const Table& table, const std::string& source) {
  if (!table.names.empty()) return named_columns(table.names, source);
  const std::size_t count = table.rows.front().cells.size();
  if (count < 2) throw data_error("'" + source + "' has one column; a curve needs two, the learning rate and the loss");
  if (count > 2) {
    throw data_error("'" + source + "' has " + std::to_string(count) +
                     " columns without names; name them in a first line, for example 'step,lr,loss'");
  }
  return {{"lr", 0, &Trial::lr}, {"loss", 1, &Trial::loss}};
}

std::string line_of(const Line& line, const std::string& source) {
  return "line " + std::to_string(line.number) + " of '" + source + "'";
}

/// Spreadsheets add empty cells at the end.
std::vector<std::string> without_empty_end(std::vector<std::string> cells, std::size_t count) {
  while (cells.size() > count && cells.back().empty()) cells.pop_back();
  return cells;
}

/// Whether every row begins with its number and the header has no name for it, as R writes.
bool rows_are_numbered(const Table& table, std::size_t count) {
  if (table.names.empty()) return false;
  std::optional<double> before;
  for (const Line& row : table.rows) {
    const std::vector<std::string> cells = without_empty_end(row.cells, count);
    const std::optional<double> number = number_of(cells.front());
    if (cells.size() != count + 1 || !number || *number != before.value_or(std::round(*number) - 1) + 1) return false;
    before = number;
  }
  return true;
}

/// The rows' cells, as many as there are columns.
std::vector<Line> aligned(const Table& table, std::size_t count, const std::string& source) {
  const bool numbered = rows_are_numbered(table, count);
  std::vector<Line> rows;
  for (const Line& row : table.rows) {
    std::vector<std::string> cells = without_empty_end(row.cells, count);
    if (numbered) cells.erase(cells.begin());
    if (cells.size() != count) {
      throw data_error(line_of(row, source) + " has " + std::to_string(cells.size()) +
                       (cells.size() == 1 ? " value" : " values") + " for " + std::to_string(count) + " columns" +
                       (cells.size() > count ? "; decimal commas need a semicolon or a tab between the columns" : ""));
    }
    rows.push_back({row.number, std::move(cells)});
  }
  return rows;
}

/// Tells decimal commas from commas between thousands: a table has one or the other.
class Decimals {
 public:
  bool clash(const std::string& cell) {
    point_ = point_ || cell.find('.') != std::string::npos;
    comma_ = comma_ || cell.find(',') != std::string::npos;
    return point_ && comma_;
  }

 private:
  bool point_ = false, comma_ = false;
};

double value_of(const Line& row, const Column& column, Decimals& decimals, const std::string& source) {
  const std::string& cell = row.cells[column.place];
  const bool rate = column.values == &Trial::lr;
  const std::optional<double> value = number_of(cell);
  const bool fits = value && (!rate || (std::isfinite(*value) && *value > 0));
  const bool clash = decimals.clash(cell);
  if (fits && !clash) return *value;
  throw data_error(line_of(row, source) + ": '" + printable(column.name) + "' must be a number" +
                   (rate ? " above 0" : "") + ", got '" + shortened(printable(cell), 30) + "'" +
                   (fits ? ", where other numbers have another decimal sign" : ""));
}

/// What to try where a table without names seems to have its loss first.
std::string swapped_hint(const Table& table, const Trial& curve) {
  const auto falls = [](double a, double b) { return a >= b; };
  const bool second_rises = curve.loss.size() > 2 && curve.loss.front() > 0 &&
                            std::adjacent_find(curve.loss.begin(), curve.loss.end(), falls) == curve.loss.end();
  return table.names.empty() && second_rises ? "; if the rate is in the second column, say so in a first line 'loss,lr'"
                                             : "";
}

}  // namespace

Trial curve_from_csv(std::string_view text, const std::string& source) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || text.find('\0') != std::string_view::npos) {
    throw data_error("'" + source + "' is not text in UTF-8; a curve with the columns 'lr' and 'loss' is expected");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark of spreadsheets
  const Table table = table_of(text, source);
  const std::vector<Column> columns = columns_of(table, source);
  if (table.rows.empty()) throw data_error("'" + source + "' has no rows below its first line, the names of columns");
  const std::size_t count = table.names.empty() ? 2 : table.names.size();
  const std::vector<Line> rows = aligned(table, count, source);
  Trial curve;
  Decimals decimals;
  for (const Line& row : rows) {
    for (const Column& column : columns) {
      (curve.*column.values).push_back(value_of(row, column, decimals, source));
    }
  }
  try {
    require_rising(curve.lr, [&](std::size_t i) { return line_of(rows[i], source); });
  } catch (const Error& error) {
    throw data_error(error.what() + swapped_hint(table, curve));
  }
  require_losses(curve.loss, source);
  return curve;
}

}  // namespace lrfind::report
