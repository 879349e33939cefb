#include <data/dataset/json_lines.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"
#include "platform/parse_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lrfind::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr int most_levels = 64;
constexpr std::size_t most_keys = 1000;

void append_quoted(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : value) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
}

std::string text_of(const Json& value) {
  if (value.is_null() || value.is_structured()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Json object_of(const Table& table, std::size_t row, std::string_view line) {
  Json object;
  try {
    object = parse_json(line, most_levels);
  } catch (const JsonError& error) {
    if (!error.syntax()) table.fail(row, error.what());
    table.fail(row, "is not valid JSON (at character " + std::to_string(error.byte()) +
                        "): every line needs one object such as {\"file_name\": \"1.jpg\", \"label\": \"cat\"}");
  }
  if (!object.is_object()) {
    table.fail(row, std::string("is a JSON ") + object.type_name() +
                        ": every line needs one object such as {\"file_name\": \"1.jpg\", \"label\": \"cat\"}");
  }
  return object;
}

}  // namespace

Table table_of_json_lines(const std::string& file, const std::string& text, const std::stop_token& stop) {
  Table table;
  table.file = file;
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++number;
    if (number % 4096 == 0 && stop.stop_requested()) throw Interrupted();
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    table.rows.push_back({table.text.size(), number});
    const Json object = object_of(table, table.size() - 1, line);
    std::vector<std::string> values(table.header.size());
    for (const auto& [key, value] : object.items()) {
      const auto known = std::find(table.header.begin(), table.header.end(), key);
      const auto column = static_cast<std::size_t>(known - table.header.begin());
      if (known == table.header.end()) {
        if (column == most_keys) {
          table.fail(table.size() - 1, "brings the file to more than " + std::to_string(most_keys) + " different keys");
        }
        table.header.push_back(key);
        table.nested.push_back(false);
        values.emplace_back();
      }
      if (value.is_structured()) table.nested[column] = true;
      values[column] = text_of(value);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) table.text += ',';
      append_quoted(table.text, values[i]);
    }
    table.text += '\n';
  }
  return table;
}

}  // namespace lrfind::data
