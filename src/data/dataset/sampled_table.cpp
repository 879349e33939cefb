#include <data/dataset/column_names.hpp>
#include <data/dataset/manifest_columns.hpp>
#include <data/dataset/sampled_table.hpp>
#include <data/image/image_header.hpp>
#include <lrfind/error.hpp>
#include "platform/text.hpp"

#include <algorithm>

namespace lrfind::data {
namespace {

constexpr std::size_t sample_size = 256;

using Fields = std::vector<std::string>;

bool names_image(const std::string& value) { return format_of_name(value) != ImageFormat::unknown; }

// Names that have always been understood make a header, whatever the rows hold.
bool is_known_header(const Fields& fields) {
  return std::any_of(fields.begin(), fields.end(), always_said_class) &&
         std::any_of(fields.begin(), fields.end(),
                     [](const std::string& field) { return says_image_file(field) == NameClarity::clear; });
}

std::string first_rows(const SampledTable& rows) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, rows.sample.size()); ++i) {
    text += (i == 0 ? "line " : "; line ") + std::to_string(rows.table.rows[rows.first_row + i].line) + ":";
    const Fields fields = rows.table.fields(rows.first_row + i);
    for (std::size_t c = 0; c < std::min<std::size_t>(fields.size(), 12); ++c) {
      const std::string name = c < rows.names.size() && !rows.names[c].empty() ? rows.names[c] : std::to_string(c + 1);
      text += (c == 0 ? " " : ", ") + name + " " + quoted(fields[c]);
    }
    if (fields.size() > 12) text += ", ...";
  }
  return text;
}

}  // namespace

SampledTable sampled_table(const Table& table) {
  SampledTable rows{table, false, 0, 0, {}, {}, {}};
  const std::string nothing = "'" + table.file + "' names no training images: it needs lines of path,label";
  if (table.size() == 0) throw NoImages(nothing);
  if (!table.header.empty()) {
    rows.has_header = true;
    rows.names = table.header;
  } else {
    rows.first = table.fields(0);
    rows.has_header = is_known_header(rows.first);
    if (rows.has_header || (table.size() > 1 && std::none_of(rows.first.begin(), rows.first.end(), names_image)))
      rows.first_row = 1;
  }
  for (const std::size_t row : sample_of_rows(table, rows.first_row, sample_size)) {
    rows.sample.push_back(table.fields(row));
  }
  if (rows.sample.empty()) throw NoImages(nothing);
  // R's write.table leaves out the name of the column with the rows' names.
  const bool one_more =
      table.header.empty() && rows.first_row == 1 &&
      std::all_of(rows.sample.begin(), rows.sample.end(), [&](const Fields& fields) {
        return rows.first.size() > 1 && fields.size() == rows.first.size() + 1 && !fields.back().empty();
      });
  if (one_more && std::none_of(rows.first.begin(), rows.first.end(), names_image)) {
    rows.first.insert(rows.first.begin(), "");
  }
  rows.width = table.header.empty() ? rows.first.size() : table.header.size();
  // A separator at the end of every line makes no column.
  const auto ends_empty = [&](const Fields& fields) {
    return fields.size() < rows.width || fields[rows.width - 1].empty();
  };
  while (rows.width > 1 && ends_empty(rows.first) && std::all_of(rows.sample.begin(), rows.sample.end(), ends_empty)) {
    --rows.width;
    rows.first.resize(std::min(rows.first.size(), rows.width));
  }
  if (table.header.empty()) rows.names = rows.first;
  if (rows.width < 2 && !rows.sample.empty() && rows.sample.front().size() > 1) {
    table.fail(0, "has one value, " + quoted(rows.first.front()) + ", and the lines below have " +
                      std::to_string(rows.sample.front().size()) +
                      ": the first line needs to be the columns' names or an image");
  }
  if (rows.width < 2 && table.header.empty()) {
    throw NoImages("'" + table.file +
                   "' is a file with one column only: a manifest (.csv, .tsv, .txt or .jsonl) needs the images' paths "
                   "and their labels in two; for class folders give the folder that holds them");
  }
  rows.names.resize(std::max(rows.width, rows.names.size()));
  return rows;
}

Fields SampledTable::values_of(std::size_t column) const {
  Fields values;
  for (const Fields& fields : sample) values.push_back(column < fields.size() ? fields[column] : std::string());
  return values;
}

std::string SampledTable::name(std::size_t column) const { return name_of_column(names, column); }

void SampledTable::fail_ambiguous(const std::string& what, const std::string& right_name,
                                  const std::vector<std::size_t>& candidates) const {
  std::vector<std::string> shown;
  for (const std::size_t c : candidates) {
    if (shown.size() < 8) shown.push_back(name(c));
  }
  if (candidates.size() > shown.size()) shown.push_back(std::to_string(candidates.size() - shown.size()) + " more");
  throw data_error("'" + table.file + "': " + what + " could be " + joined(shown, " or ") + " (" + first_rows(*this) +
                   "): name the right one " + quoted(right_name) + ", or write a CSV of path,label");
}

std::string name_of_column(const std::vector<std::string>& names, std::size_t column) {
  return column < names.size() && !names[column].empty() ? "column " + quoted(names[column])
                                                         : "column " + std::to_string(column + 1);
}

}  // namespace lrfind::data
