#include <data/dataset/class_column.hpp>
#include <data/dataset/column_names.hpp>
#include <data/dataset/column_values.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/manifest_columns.hpp>
#include <stop_token>
#include "platform/text.hpp"

#include <algorithm>

namespace lrfind::data {
namespace {

using Fields = std::vector<std::string>;

// From the clearest sign to the faintest; what columns hold is looked at only where their names do not decide.
class ClassSearch {
 public:
  ClassSearch(const SampledTable& rows, const std::vector<std::size_t>& others, std::size_t path, bool as_named,
              const std::stop_token& stop)
      : rows_(rows), others_(others), path_(path), as_named_(as_named), stop_(stop) {}

  ClassColumns run() &&;

 private:
  void find();
  bool take_named(NameClarity clarity, bool always_known);
  bool take_one_hot();
  std::vector<std::size_t> distinct_groups(std::vector<std::size_t> candidates) const;
  std::optional<std::string> why_no_label(std::size_t column);
  const std::vector<ColumnValues>& values();

  const SampledTable& rows_;
  const std::vector<std::size_t>& others_;
  std::size_t path_;
  bool as_named_;
  const std::stop_token& stop_;
  ClassColumns found_;
  std::vector<ColumnValues> values_;
};

const std::vector<ColumnValues>& ClassSearch::values() {
  if (values_.empty()) values_ = values_of_columns(rows_.table, rows_.first_row, rows_.width, stop_);
  return values_;
}

// Of columns that divide the images alike, the first, and one with words before one with numbers.
std::vector<std::size_t> ClassSearch::distinct_groups(std::vector<std::size_t> candidates) const {
  const auto numbers = [&](std::size_t c) { return number_of(rows_.values_of(c).front()).has_value(); };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](std::size_t a, std::size_t b) { return numbers(a) < numbers(b); });
  std::vector<std::size_t> distinct;
  for (const std::size_t c : candidates) {
    const bool known = std::any_of(distinct.begin(), distinct.end(), [&](std::size_t other) {
      return same_groups(rows_.table, rows_.first_row, other, c);
    });
    if (!known) distinct.push_back(c);
  }
  return distinct;
}

std::optional<std::string> ClassSearch::why_no_label(std::size_t column) {
  if (rows_.nested(column)) return "holds lists or objects and no classes";
  const ColumnValues& held = values()[column];
  if (held.empty()) return "is empty";
  if (held.counts_rows && (held.rows > 2 || says_row_number(rows_.names[column]))) return "numbers the rows";
  if (held.too_many) return "has more than 100000 different values, which are no classes";
  if (held.counts.size() == 1) {
    return "holds one class only, " + quoted(held.counts.begin()->first) + ", and a classifier needs two";
  }
  return why_no_classes(held.counts, held.rows);
}

// Takes a column whose name says that it is the class; whether there was one.
bool ClassSearch::take_named(NameClarity clarity, bool always_known) {
  std::vector<std::size_t> named;
  for (const std::size_t c : others_) {
    const bool known = !always_known || always_said_class(rows_.names[c]);
    if (says_class(rows_.names[c]) == clarity && known) named.push_back(c);
  }
  if (named.empty()) return false;
  if (named.size() == 1 && !rows_.nested(named.front())) {
    found_.label = named.front();
    return true;
  }
  std::vector<std::size_t> usable;
  for (const std::size_t c : named) {
    if (!why_no_label(c)) usable.push_back(c);
  }
  if (usable.empty()) {
    throw NoClasses("'" + rows_.table.file + "': " + rows_.name(named.front()) + " " + *why_no_label(named.front()));
  }
  const auto distinct = distinct_groups(usable);
  if (distinct.size() > 1) rows_.fail_ambiguous("the class", "label", distinct);
  // Where a manifest has always been read, its classes keep their names.
  found_.label = always_known ? usable.front() : distinct.front();
  return true;
}

// Takes columns of zeros and ones as classes; whether they are.
bool ClassSearch::take_one_hot() {
  if (!rows_.has_header) return false;
  std::vector<std::size_t> flags;
  std::size_t rest = 0;
  for (const std::size_t c : others_) {
    if (rows_.nested(c)) continue;
    if (values()[c].zero_or_one) {
      flags.push_back(c);
    } else if (!why_no_label(c)) {
      ++rest;
    }
  }
  if (flags.size() < 2) return false;
  for (std::size_t row = rows_.first_row; row < rows_.table.size(); ++row) {
    const Fields fields = rows_.table.fields(row);
    std::vector<std::string> marked;
    for (const std::size_t c : flags) {
      if (truth_of_word(fields[c]).value_or(false)) marked.push_back(quoted(rows_.names[c]));
    }
    if (marked.size() == 1) continue;
    if (rest != 0) return false;
    std::vector<std::string> names;
    for (const std::size_t c : flags) names.push_back(rows_.names[c]);
    throw NoClasses("'" + rows_.table.file + "' line " + std::to_string(rows_.table.rows[row].line) + ": marks " +
                    (marked.empty() ? "none" : joined(marked, " and ")) + " of the columns " + quoted_list(names) +
                    ": columns of 0 and 1 are classes where every image has exactly one 1; otherwise write a CSV of "
                    "path,label");
  }
  if (rest != 0 && flags.size() < 3) return false;  // one flag and its opposite beside other columns
  found_.one_hot = flags;
  return true;
}

ClassColumns ClassSearch::run() && {
  find();
  return std::move(found_);
}

void ClassSearch::find() {
  if (rows_.has_header && take_named(NameClarity::clear, true)) return;
  if (!rows_.has_header && others_.size() == 1 && path_ == 0 && as_named_) {
    found_.label = others_.front();
    return;
  }
  if (rows_.has_header && take_named(NameClarity::clear, false)) return;
  if (take_one_hot()) return;
  if (rows_.has_header && take_named(NameClarity::likely, false)) return;
  std::vector<std::size_t> candidates;
  std::vector<std::string> reasons;
  bool tags = false;
  for (const std::size_t c : others_) {
    const auto reason = why_no_label(c);
    tags = tags || (reason && several_labels(values()[c].counts));
    if (reason && reasons.size() < 3) {
      reasons.push_back(rows_.name(c) + " " + *reason);
    } else if (!reason) {
      candidates.push_back(c);
    }
  }
  candidates = distinct_groups(candidates);
  // Beside several labels an image, another column is hardly what the images are to be told apart by.
  if (candidates.empty() || tags) {
    throw NoClasses(
        "'" + rows_.table.file + "' does not say the images' classes: " +
        (reasons.empty() ? rows_.name(path_) + " with the images is the only one" : joined(reasons, ", and ")));
  }
  // Without names the second of the columns has always been the class.
  const bool second = !rows_.has_header && path_ == 0 && as_named_ &&
                      std::find(candidates.begin(), candidates.end(), 1U) != candidates.end();
  if (candidates.size() > 1 && !second) rows_.fail_ambiguous("the class", "label", candidates);
  found_.label = second ? 1 : candidates.front();
}

}  // namespace

ClassColumns find_class_columns(const SampledTable& rows, const std::vector<std::size_t>& others, std::size_t path,
                                bool as_named, const std::stop_token& stop) {
  return ClassSearch(rows, others, path, as_named, stop).run();
}

}  // namespace lrfind::data
