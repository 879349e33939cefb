#include <data/dataset/class_column.hpp>
#include <data/dataset/column_names.hpp>
#include <data/dataset/column_values.hpp>
#include <data/dataset/image_column.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/manifest_columns.hpp>
#include <stop_token>
#include "platform/text.hpp"

#include <algorithm>

namespace lrfind::data {
namespace {

using Fields = std::vector<std::string>;

// A first row whose image is no file while those of the others are is a header.
bool is_header(const SampledTable& rows, const ImageColumn& images) {
  if (rows.first_row == 0 || rows.first.size() <= images.column) return false;
  const std::string& value = rows.first[images.column];
  if (looks_like_path(value)) return false;
  // Columns that pandas numbers, with nothing above the index.
  bool numbered = rows.first.front().empty() && rows.first.size() > 1;
  for (std::size_t c = 1; c < rows.first.size(); ++c) numbered = numbered && rows.first[c] == std::to_string(c - 1);
  if (numbered) return true;
  if (ImageResolver(rows.table.files, images.places).exists(value)) return false;
  // The image may just be missing; its class then is found in other rows too.
  for (std::size_t c = 0; c < rows.first.size(); ++c) {
    if (c == images.column || rows.first[c].empty()) continue;
    const Fields values = rows.values_of(c);
    if (std::find(values.begin(), values.end(), rows.first[c]) != values.end()) return false;
  }
  return true;
}

std::optional<SplitColumn> find_split(const SampledTable& rows, std::size_t path) {
  const auto all = [&](std::size_t column, const auto& understood) {
    const Fields values = rows.values_of(column);
    return std::all_of(values.begin(), values.end(), understood);
  };
  const auto is_role = [](const std::string& value) { return role_of_word(value).has_value(); };
  const auto is_truth = [](const std::string& value) { return truth_of_word(value).has_value(); };
  const auto is_flag = [&](std::size_t c, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), plain_name(rows.names[c])) != names.end() && all(c, is_truth);
  };
  using Kind = SplitColumn::Kind;
  std::vector<SplitColumn> found;
  for (std::size_t c = 0; c < rows.width; ++c) {
    if (c == path || rows.nested(c)) continue;
    // A third column without a header has always been the split where its first word says so.
    const bool third = !rows.has_header && rows.width == 3 && c == 2 && is_role(rows.values_of(c).front());
    if (third || (rows.has_header && says_split(rows.names[c]))) found.push_back({c, Kind::words});
  }
  for (std::size_t c = 0; c < rows.width; ++c) {
    if (c == path || rows.nested(c)) continue;
    const bool is_label = says_class(rows.names[c]) == NameClarity::clear;
    if (!is_label && (rows.has_header || c >= 2) && all(c, is_role)) found.push_back({c, Kind::words});
    if (is_flag(c, {"isvalid", "isval", "isvalidation"})) found.push_back({c, Kind::is_val});
    if (is_flag(c, {"istest"})) found.push_back({c, Kind::is_test});
    if (is_flag(c, {"istrain", "istraining"})) found.push_back({c, Kind::is_train});
  }
  if (found.empty()) return std::nullopt;
  return found.front();
}

}  // namespace

ManifestColumns find_columns(const Table& table, const std::stop_token& stop) {
  SampledTable rows = sampled_table(table);
  const ImageColumn images = find_image_column(rows, stop);
  if (!rows.has_header && is_header(rows, images)) rows.has_header = true;
  if (!rows.has_header) {
    if (rows.first_row == 1) rows.sample.insert(rows.sample.begin(), rows.first);
    rows.first_row = 0;
    rows.names.assign(rows.width, "");
  }
  ManifestColumns columns;
  columns.path = images.column;
  columns.places = images.places;
  columns.split = find_split(rows, images.column);
  std::vector<std::size_t> others;
  for (std::size_t c = 0; c < rows.width; ++c) {
    if (c != columns.path && !(columns.split && columns.split->column == c)) others.push_back(c);
  }
  const bool as_named = columns.places.as_named();
  ClassColumns classes = find_class_columns(rows, others, columns.path, as_named, stop);
  columns.label = classes.label;
  columns.one_hot = std::move(classes.one_hot);
  const bool plain_names = rows.has_header ? says_image_file(rows.names[columns.path]) == NameClarity::clear &&
                                                 always_said_class(rows.names[columns.label])
                                           : columns.path == 0;
  columns.plain = as_named && others.size() == 1 && plain_names;
  columns.first_row = rows.first_row;
  columns.names = std::move(rows.names);
  return columns;
}

std::optional<SplitRole> SplitColumn::role_of(const std::string& value) const {
  if (kind == Kind::words) return role_of_word(value);
  const auto truth = truth_of_word(value);
  if (!truth) return std::nullopt;
  if (kind == Kind::is_train) return *truth ? SplitRole::train : SplitRole::val;
  if (!*truth) return SplitRole::train;
  return kind == Kind::is_val ? SplitRole::val : SplitRole::test;
}

std::string ManifestColumns::name(std::size_t column) const { return name_of_column(names, column); }

std::string ManifestColumns::description(const std::string& example) const {
  std::string text = "images are taken from " + name(path) + " (such as " + quoted(example) + "), classes from ";
  if (one_hot.empty()) {
    text += name(label);
  } else {
    std::vector<std::string> marks;
    for (const std::size_t c : one_hot) marks.push_back(names[c]);
    text += "the 1 in columns " + quoted_list(marks);
  }
  if (split) text += ", the split from " + name(split->column);
  std::vector<std::string> unused;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const bool used = c == path || (one_hot.empty() && c == label) || (split && c == split->column) ||
                      std::find(one_hot.begin(), one_hot.end(), c) != one_hot.end();
    if (!used) unused.push_back(name(c));
  }
  const std::size_t shown = std::min<std::size_t>(unused.size(), 6);
  if (shown < unused.size()) unused[shown] = std::to_string(unused.size() - shown) + " more";
  unused.resize(std::min(unused.size(), shown + 1));
  if (!unused.empty()) text += "; not used: " + joined(unused, " and ");
  return text;
}

}  // namespace lrfind::data
