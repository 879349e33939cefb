#include "report/csv.hpp"

#include "report/measurements.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <map>

namespace lrfind::report {
namespace {

struct Series {
  std::string name;
  std::vector<double> values;
};

// Rates of a trial and of the aggregated curve are the same up to rounding where they are meant to be the same.
bool same_rate(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(a); }

// A trial's losses on the rows of the aggregated curve; both rates rise.
std::vector<double> on_rates(const Trial& trial, const std::vector<double>& rates) {
  std::vector<double> values(rates.size(), not_measured);
  std::size_t at = 0;
  for (std::size_t row = 0; row < rates.size(); ++row) {
    while (at < trial.lr.size() && trial.lr[at] < rates[row] && !same_rate(trial.lr[at], rates[row])) ++at;
    if (at < trial.lr.size() && same_rate(trial.lr[at], rates[row])) values[row] = trial.loss[at];
  }
  return values;
}

std::vector<Series> columns_of(const Result& result) {
  std::vector<Series> columns = {{"lr", result.curve.lr}, {"loss", result.curve.loss}};
  if (!result.smoothed_loss.empty()) columns.push_back({"smoothed_loss", result.smoothed_loss});
  for (const auto& [name, values] : measurements) {
    if (!(result.curve.*values).empty()) columns.push_back({name, result.curve.*values});
  }
  if (result.trials.size() < 2) return columns;
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    columns.push_back({"trial_" + std::to_string(i + 1) + "_loss", on_rates(result.trials[i], result.curve.lr)});
  }
  return columns;
}

std::string cell(double value) {
  if (!std::isfinite(value)) return "";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\"";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t end = line.find(separator);
    cells.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return cells;
    line.remove_prefix(end + 1);
  }
}

std::optional<double> parsed(std::string_view text) {
  if (text.empty()) return not_measured;
  if (text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc() ? value : not_measured;
}

char separator_of(std::string_view line) {
  for (const char candidate : {'\t', ';', ','}) {
    if (line.find(candidate) != std::string_view::npos) return candidate;
  }
  return ',';
}

struct Line {
  int number = 0;
  std::vector<std::string_view> cells;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  int number = 0;
  char separator = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (trimmed(line).empty() || trimmed(line).front() == '#') continue;
    if (separator == 0) separator = separator_of(line);
    lines.push_back({number, split(line, separator)});
  }
  return lines;
}

// Where each column of a curve stands; a header's words, or the first two.
std::map<std::string_view, std::size_t> places_of(const Line& first, bool header, const std::string& source) {
  if (!header) {
    if (first.cells.size() < 2) {
      throw ResultError("'" + source + "' has one column; a curve needs two, the learning rate and the loss");
    }
    return {{"lr", 0}, {"loss", 1}};
  }
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < first.cells.size(); ++i) places.emplace(first.cells[i], i);
  for (const char* needed : {"lr", "loss"}) {
    if (!places.contains(needed)) {
      throw ResultError("'" + source + "' has no column '" + needed + "'; its first line must name 'lr' and 'loss'");
    }
  }
  return places;
}

}  // namespace

std::string to_csv(const Result& result) {
  const std::vector<Series> columns = columns_of(result);
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) text += ',';
    text += columns[i].name;
  }
  text += '\n';
  for (std::size_t row = 0; row < result.curve.lr.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += ',';
      text += cell(columns[i].values.at(row));
    }
    text += '\n';
  }
  return text;
}

Trial curve_from_csv(std::string_view text, const std::string& source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark of spreadsheets
  const std::vector<Line> lines = lines_of(text);
  if (lines.empty())
    throw ResultError("'" + source + "' is empty; a curve with the columns 'lr' and 'loss' is expected");
  const bool header = !parsed(lines[0].cells[0]).has_value();
  const auto places = places_of(lines[0], header, source);
  Trial trial;
  std::map<std::string_view, std::vector<double>*> wanted = {{"lr", &trial.lr}, {"loss", &trial.loss}};
  for (const auto& [name, values] : measurements) wanted[name] = &(trial.*values);
  for (std::size_t i = header ? 1 : 0; i < lines.size(); ++i) {
    for (const auto& [name, place] : places) {
      const auto column = wanted.find(name);
      if (column == wanted.end()) continue;
      const std::string_view text_here = place < lines[i].cells.size() ? lines[i].cells[place] : std::string_view();
      const std::optional<double> value = parsed(text_here);
      const bool rate = name == "lr";
      if (!value || (rate && !(std::isfinite(*value) && *value > 0))) {
        throw ResultError("line " + std::to_string(lines[i].number) + " of '" + source + "': '" + std::string(name) +
                          "' must be a number" + (rate ? " above 0" : "") + ", got '" + std::string(text_here) + "'");
      }
      column->second->push_back(*value);
    }
  }
  return trial;
}

}  // namespace lrfind::report
