// Curves of other tools from JSON.
#include <lrfind/error.hpp>
#include "platform/excerpt.hpp"
#include "platform/parse_json.hpp"
#include "report/foreign_curve.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::report {
namespace {

constexpr int nested_curves = 2;

/// As long as what was read, with an empty string for NaN, Infinity and -Infinity.
std::string without_words(std::string_view text) {
  std::string plain(text);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (in_string) {
      if (letter == '\\') ++i;
      in_string = letter != '"';
      continue;
    }
    in_string = letter == '"';
    for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
      if (text.substr(i, word.size()) != word) continue;
      plain.replace(i, word.size(), "\"\"" + std::string(word.size() - 2, ' '));
      i += word.size() - 1;
      break;
    }
  }
  return plain;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// Nothing (discarded) where the line is no JSON.
Json parse_record(std::string_view line, std::size_t i, const std::string& source) {
  try {
    return parse_json(line);
  } catch (const JsonError& error) {
    if (error.syntax()) return {Json::value_t::discarded};
    throw data_error("line " + std::to_string(i + 1) + " of '" + source + "' " + error.what());
  }
}

/// The objects of a text that has one a line; nothing where its first line is none.
std::optional<Json> parse_lines(std::string_view text, const std::string& source) {
  Json records = Json::array();
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (blank(lines[i])) continue;
    const Json record = parse_record(lines[i], i, source);
    if (!record.is_object()) {
      if (records.empty()) return std::nullopt;
      throw data_error("line " + std::to_string(i + 1) + " of '" + source +
                       "' is not a JSON object as the lines before it are");
    }
    records.push_back(record);
  }
  return records;
}

/// A table as named columns of values.
struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<Json>> columns;
};

class Reader {
 public:
  explicit Reader(std::string source) : source_(std::move(source)) {}

  /// The curve in a value, or in what it holds; nothing where there is none.
  std::optional<Trial> find(const Json& json, int levels) const {
    if (const std::optional<Table> table = table_of(json)) return curve_of(*table);
    if (!json.is_object() || levels == 0) return std::nullopt;
    std::optional<Trial> found;
    std::string name;
    for (const auto& [key, value] : json.items()) {
      std::optional<Trial> curve = find(value, levels - 1);
      if (!curve) continue;
      if (found)
        throw data_error("'" + source_ + "' holds several curves, " + quoted_names({name, key}) +
                         "; give each a file of its own");
      found = std::move(curve);
      name = key;
    }
    return found;
  }

 private:
  bool names_curve(const std::vector<std::string>& names) const {
    const CurveColumns columns = curve_columns(names, source_);
    return columns.lr && columns.loss;
  }

  static std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& item : object.items()) keys.push_back(item.key());
    return keys;
  }

  /// Whether an object is one point of a curve, not a whole one.
  bool is_record(const Json& json) const {
    if (!json.is_object()) return false;
    const std::vector<std::string> keys = keys_of(json);
    const CurveColumns columns = curve_columns(keys, source_);
    if (!columns.lr || !columns.loss) return false;
    const Json& loss = json[keys[*columns.loss]];
    return !loss.is_structured() || (loss.is_array() && loss.size() == 1);
  }

  std::optional<Table> table_of(const Json& json) const {
    if (json.is_array()) return table_of_records({json.begin(), json.end()});
    if (!json.is_object()) return std::nullopt;
    if (names_curve(keys_of(json))) {
      return std::any_of(json.begin(), json.end(), [](const Json& value) { return value.is_structured(); })
                 ? table_of_columns(json)
                 : table_of_records({json});
    }
    if (json.contains("columns") && json.contains("data")) return split_table(json["columns"], json["data"]);
    return table_of_records({json.begin(), json.end()});
  }

  /// {"lr": [...], "loss": [...]}, or with an object of row names in place of the arrays, as pandas writes.
  static Table table_of_columns(const Json& json) {
    Table table;
    for (const auto& [key, values] : json.items()) {
      if (!values.is_structured()) continue;
      table.names.push_back(key);
      table.columns.emplace_back(values.begin(), values.end());
    }
    return table;
  }

  /// {"columns": ["lr", "loss"], "data": [[...], ...]}.
  std::optional<Table> split_table(const Json& columns, const Json& rows) const {
    Table table;
    if (!columns.is_array() || !rows.is_array()) return std::nullopt;
    for (const Json& name : columns)
      table.names.push_back(name.is_string() ? name.get<std::string>() : json_text(name));
    if (!names_curve(table.names)) return std::nullopt;
    table.columns.resize(table.names.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!rows[row].is_array() || rows[row].size() != table.names.size()) {
        throw data_error("'data[" + std::to_string(row) + "]' of '" + source_ + "' must be an array of " +
                         std::to_string(table.names.size()) + " values, one for each of its columns");
      }
      for (std::size_t i = 0; i < table.names.size(); ++i) table.columns[i].push_back(rows[row][i]);
    }
    return table;
  }

  /// [{"lr": ..., "loss": ...}, ...]; records that have neither, such as those of evaluations, are passed over.
  std::optional<Table> table_of_records(const std::vector<Json>& records) const {
    const auto whole =
        std::find_if(records.begin(), records.end(), [&](const Json& record) { return is_record(record); });
    if (whole == records.end()) return std::nullopt;
    const std::vector<std::string> keys = keys_of(*whole);
    const CurveColumns columns = curve_columns(keys, source_);
    Table table{{keys[*columns.lr], keys[*columns.loss]}, {{}, {}}};
    for (const Json& record : records) {
      const auto value = [&](const std::string& key) { return record.contains(key) ? record[key] : Json(); };
      if (!record.is_object() || (!record.contains(table.names[0]) && !record.contains(table.names[1]))) continue;
      for (const std::size_t i : {0U, 1U}) table.columns[i].push_back(value(table.names[i]));
    }
    return table;
  }

  Trial curve_of(const Table& table) const {
    const CurveColumns columns = curve_columns(table.names, source_);
    if (!columns.lr || !columns.loss) {
      throw data_error("'" + source_ + "' must hold arrays for the learning rates and the losses; those it holds are " +
                       quoted_names(table.names));
    }
    const std::vector<Json>&rates = table.columns[*columns.lr], &losses = table.columns[*columns.loss];
    const std::string &lr = table.names[*columns.lr], &loss = table.names[*columns.loss];
    if (rates.size() != losses.size()) {
      throw data_error(quoted_names({lr}) + " of '" + source_ + "' has " + std::to_string(rates.size()) +
                       " entries and " + quoted_names({loss}) + " has " + std::to_string(losses.size()) +
                       "; each rate needs its loss");
    }
    Trial curve;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      curve.lr.push_back(scalar(rates[i], place(lr, i)));
      curve.loss.push_back(scalar(losses[i], place(loss, i)));
    }
    require_rising(curve.lr, [&](std::size_t i) { return place(lr, i); });
    require_losses(curve.loss, source_);
    return curve;
  }

  std::string place(const std::string& name, std::size_t i) const {
    return std::string("'") + excerpt(name) + "[" + std::to_string(i) + "]' of '" + source_ + "'";
  }

  /// A number, or the one number that a list of parameter groups agrees on.
  static double scalar(const Json& json, const std::string& place) {
    if (json.is_null()) return not_measured;
    if (json.is_number()) return json.get<double>();
    if (json.is_string()) {
      if (const std::optional<double> value = number_of(json.get_ref<const std::string&>())) return *value;
    }
    if (json.is_array() && !json.empty()) {
      if (std::any_of(json.begin(), json.end(), [&](const Json& each) { return each != json.front(); })) {
        throw data_error(place + " has " + std::to_string(json.size()) +
                         " different values, as of several parameter groups; keep those of one group");
      }
      return scalar(json.front(), place);
    }
    const std::string got = json.is_structured() ? std::string(json.type_name()) : excerpt(json_text(json));
    throw data_error(place + " must be a number, got " + got);
  }

  std::string source_;
};

std::string what_it_has(const Json& json) {
  if (!json.is_object()) return "it is an array without such objects";
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys.empty() ? "it is an empty object" : "its keys are " + quoted_names(keys);
}

}  // namespace

Json parse_foreign_json(std::string_view text, const std::string& source) {
  const std::string plain = without_words(text);
  try {
    return parse_json(plain);
  } catch (const JsonError& error) {
    if (error.syntax()) {
      if (std::optional<Json> records = parse_lines(plain, source)) return *records;
    }
    throw data_error("'" + source + "' " + error.what() + "; a result of 'lrfind sweep -o' or a curve is expected");
  }
}

Trial curve_from_json(const Json& json, const std::string& source) {
  if (std::optional<Trial> curve = Reader(source).find(json, nested_curves)) return *curve;
  throw data_error("'" + source +
                   "' is neither a result of lrfind nor a curve, an object with 'lr' and 'loss' (or "
                   "'lrs' and 'losses'); " +
                   what_it_has(json));
}

}  // namespace lrfind::report
