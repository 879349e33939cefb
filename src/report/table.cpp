#include "report/table.hpp"

#include "report/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace lrfind::report {
namespace {

constexpr int gap = 2;
constexpr int narrowest = 8;  // a shortened column still shows a word

// Takes from the widest left-aligned column what is too much.
void narrow(std::vector<int>& widths, const std::vector<Column>& columns, int excess) {
  while (excess > 0) {
    std::size_t widest = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool candidate = columns[i].align == Align::left && widths[i] > narrowest;
      if (candidate && (widest == columns.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == columns.size()) return;
    --widths[widest];
    --excess;
  }
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<std::string> cells) {
  if (cells.size() != columns_.size()) {
    throw std::invalid_argument("a row of this table has " + std::to_string(columns_.size()) + " cells, got " +
                                std::to_string(cells.size()));
  }
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(int max_columns, int indent) const {
  std::vector<int> widths;
  int total = indent + gap * (static_cast<int>(columns_.size()) - 1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(display_width(columns_[i].header));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i]));
    total += widths[i];
  }
  if (max_columns > 0) narrow(widths, columns_, total - max_columns);

  std::string lines;
  const auto append = [&](const auto& cell_at) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += std::string(gap, ' ');
      const std::string cell = shortened(cell_at(i), widths[i]);
      line += columns_[i].align == Align::right ? padded_left(cell, widths[i]) : padded_right(cell, widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines += line + '\n';
  };
  append([&](std::size_t i) { return columns_[i].header; });
  for (const auto& row : rows_) append([&](std::size_t i) { return row[i]; });
  return lines;
}

}  // namespace lrfind::report
