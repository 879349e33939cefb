#include <data/dataset/column_values.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"
#include "platform/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace lrfind::data {
namespace {

// ImageNet's largest edition has 21,841 classes; a column with many more values is none of classes.
constexpr std::size_t most_values = 100'000;

// From so many rows on, a label of its own for every row is no coincidence of a small example.
constexpr std::size_t rows_that_show_an_id = 12;

std::set<std::string> parts_of(const std::string& value, char separator) {
  std::set<std::string> parts;
  for (const std::string_view part : split(value, separator)) {
    if (!trimmed(part).empty()) parts.emplace(trimmed(part));
  }
  return parts;
}

}  // namespace

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Sets of tags give themselves away: few tags make many values, and what is one value is a part of others ("clear
// primary", "clear primary water"). Names of two words ("red fox") do neither.
std::optional<std::string> several_labels(const std::map<std::string, std::size_t>& counts) {
  constexpr std::size_t enough = 3;
  for (const char separator : {' ', ',', ';', '|'}) {
    std::set<std::set<std::string>> values;
    std::set<std::string> tags;
    for (const auto& [value, count] : counts) {
      const auto parts = parts_of(value, separator);
      tags.insert(parts.begin(), parts.end());
      values.insert(parts);
    }
    std::size_t several = 0;
    std::size_t nested = 0;
    std::string example;
    for (const auto& parts : values) {
      if (parts.size() < 2) continue;
      ++several;
      const bool contains_another = std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
        std::set<std::string> fewer = parts;
        fewer.erase(part);
        return values.contains(fewer) || values.contains({part});
      });
      if (!contains_another) continue;
      ++nested;
      if (example.empty()) {
        for (const auto& [value, count] : counts) {
          if (parts_of(value, separator) == parts) example = value;
        }
      }
    }
    if (nested >= enough && 2 * nested >= several && tags.size() < values.size()) return example;
  }
  return std::nullopt;
}

std::vector<ColumnValues> values_of_columns(const Table& table, std::size_t first, std::size_t columns,
                                            const std::stop_token& stop) {
  std::vector<ColumnValues> result(columns);
  std::vector<std::optional<double>> before(columns);
  for (std::size_t row = first; row < table.size(); ++row) {
    if (row % 4096 == 0 && stop.stop_requested()) throw Interrupted();
    const auto fields = table.fields(row);
    for (std::size_t c = 0; c < columns; ++c) {
      ColumnValues& column = result[c];
      const bool has_value = c < fields.size() && !fields[c].empty();
      if (column.zero_or_one) {
        constexpr std::array<std::string_view, 6> flags{"0", "1", "0.0", "1.0", "true", "false"};
        column.zero_or_one = has_value && std::find(flags.begin(), flags.end(), lower_case(fields[c])) != flags.end();
      }
      if (column.counts_rows) {
        const auto number = has_value ? number_of(fields[c]) : std::nullopt;
        column.counts_rows = number && (row == first || (before[c] && *number == *before[c] + 1));
        before[c] = number;
      }
      if (!has_value) continue;
      ++column.rows;
      if (column.too_many) continue;
      ++column.counts[fields[c]];
      if (column.counts.size() <= most_values) continue;
      column.too_many = true;
      column.counts.clear();
    }
  }
  return result;
}

std::optional<std::string> why_no_classes(const std::map<std::string, std::size_t>& counts, std::size_t rows) {
  const std::string summary = std::to_string(counts.size()) + " different values in " + std::to_string(rows) + " rows";
  bool numbers = true;
  bool fractions = false;
  for (const auto& [value, count] : counts) {
    const auto number = number_of(value);
    numbers = numbers && number;
    fractions = fractions || (number && *number != std::floor(*number));
  }
  if (numbers && fractions && counts.size() > std::max<std::size_t>(5, rows / 10)) {
    return "holds measured numbers such as " + quoted(counts.begin()->first) + " (" + summary + ") and no classes";
  }
  const bool an_id = counts.size() == rows && rows >= rows_that_show_an_id;
  if (an_id || (rows >= 50 && counts.size() > rows / 5 * 4)) {
    return "has " + summary + ", such as " + quoted(counts.begin()->first) +
           ": it names or measures each image and holds no classes";
  }
  if (const auto tags = several_labels(counts)) {
    return "gives images several labels at once, such as " + quoted(*tags) + ", and a classifier needs one class each";
  }
  return std::nullopt;
}

bool same_groups(const Table& table, std::size_t first, std::size_t one, std::size_t other) {
  constexpr std::size_t enough = 20'000;
  std::map<std::string, std::string> there;
  std::map<std::string, std::string> back;
  for (const std::size_t row : sample_of_rows(table, first, enough)) {
    const auto fields = table.fields(row);
    if (std::max(one, other) >= fields.size()) return false;
    if (there.try_emplace(fields[one], fields[other]).first->second != fields[other]) return false;
    if (back.try_emplace(fields[other], fields[one]).first->second != fields[one]) return false;
  }
  return true;
}

std::optional<bool> truth_of_word(std::string_view word) {
  constexpr std::array<std::string_view, 6> yes{"true", "t", "1", "1.0", "yes", "y"};
  constexpr std::array<std::string_view, 6> no{"false", "f", "0", "0.0", "no", "n"};
  const std::string small = lower_case(word);
  if (std::find(yes.begin(), yes.end(), small) != yes.end()) return true;
  if (std::find(no.begin(), no.end(), small) != no.end()) return false;
  return std::nullopt;
}

}  // namespace lrfind::data
