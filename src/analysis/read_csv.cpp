#include "analysis/read_csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::analysis {

namespace {

struct Columns {
  std::size_t lr = 0, loss = 1;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\"";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string_view> cells_of(std::string_view line) {
  char separator = ',';
  if (line.find(',') == std::string_view::npos) separator = line.find(';') != std::string_view::npos ? ';' : '\t';
  std::vector<std::string_view> cells;
  while (true) {
    const auto end = line.find(separator);
    cells.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

std::optional<double> number(std::string_view cell) {
  if (cell.empty()) return std::nullopt;
  if (cell.front() == '+') cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (end != cell.data() + cell.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

[[noreturn]] void fail(std::size_t line, const std::string& message) {
  throw std::runtime_error("line " + std::to_string(line) + ": " + message);
}

std::size_t column_named(const std::vector<std::string_view>& names, std::string_view name, std::size_t line) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    fail(line, "there is no column named " + std::string(name) + "; the columns must be lr,loss");
  return static_cast<std::size_t>(found - names.begin());
}

void add_point(Trial& trial, const std::vector<std::string_view>& cells, const Columns& columns, std::size_t line) {
  if (cells.size() <= std::max(columns.lr, columns.loss))
    fail(line, "there are " + std::to_string(cells.size()) + " columns; a learning rate and a loss must stand here");
  const std::string_view rate_cell = cells[columns.lr], loss_cell = cells[columns.loss];
  const std::optional<double> rate = number(rate_cell);
  if (!rate || !std::isfinite(*rate) || *rate <= 0)
    fail(line, "the learning rate is \"" + std::string(rate_cell) + "\"; it must be a positive number");
  if (!trial.lr.empty() && *rate <= trial.lr.back())
    fail(line, "the learning rate " + std::string(rate_cell) + " is not above the one before; rates must rise");
  const std::optional<double> loss = loss_cell.empty() ? std::nan("") : number(loss_cell);
  if (!loss) fail(line, "the loss is \"" + std::string(loss_cell) + "\"; it must be a number");
  trial.lr.push_back(*rate);
  trial.loss.push_back(*loss);
}

}  // namespace

Trial read_csv(std::istream& in) {
  Trial trial;
  Columns columns;
  std::string text;
  bool first = true;
  for (std::size_t line = 1; std::getline(in, text); ++line) {
    std::string_view view = text;
    if (line == 1 && view.starts_with("\xEF\xBB\xBF")) view.remove_prefix(3);  // byte-order mark of spreadsheets
    const std::string_view content = trimmed(view);
    if (content.empty() || content.front() == '#') continue;
    const std::vector<std::string_view> cells = cells_of(view);
    const bool is_header = first && std::none_of(cells.begin(), cells.end(), [](auto cell) { return number(cell); });
    first = false;
    if (is_header)
      columns = {column_named(cells, "lr", line), column_named(cells, "loss", line)};
    else
      add_point(trial, cells, columns, line);
  }
  if (trial.lr.empty()) throw std::runtime_error("there are no points; lines of lr,loss must stand here");
  return trial;
}

}  // namespace lrfind::analysis
