#include <data/column_names.hpp>
#include <data/column_values.hpp>
#include <data/image_header.hpp>
#include <data/indexing.hpp>
#include <data/manifest_columns.hpp>

#include <algorithm>

namespace lrfind::data {
namespace {

constexpr std::size_t sample_size = 256;

using Fields = std::vector<std::string>;

std::string joined(const std::vector<std::string>& items, const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == items.size() ? last : ", ") + items[i];
  }
  return text;
}

bool looks_like_path(const std::string& value) {
  return format_of_name(value) != ImageFormat::unknown || value.find_first_of("/\\") != std::string::npos;
}

bool is_address(const std::string& value) {
  const std::size_t colon = value.find("://");
  return colon != std::string::npos && colon > 1 &&
         value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") == colon;
}

// The search for the columns, one step after the other; each uses what those before have found.
class ColumnSearch {
 public:
  ColumnSearch(const Table& table, const std::function<bool()>& should_stop)
      : table_(table), should_stop_(should_stop), search_(table.file) {}

  ManifestColumns run() {
    read_rows();
    find_path();
    find_header();
    find_split();
    find_label();
    return std::move(columns_);
  }

 private:
  // --- rows
  void read_rows();
  bool is_known_header(const Fields& fields) const;
  Fields values_of(std::size_t column) const;
  bool nested(std::size_t column) const { return column < table_.nested.size() && table_.nested[column]; }
  // --- images
  void find_path();
  std::vector<std::size_t> path_candidates() const;
  std::size_t best_path(const std::vector<std::size_t>& candidates, const std::vector<FoundImages>& found) const;
  void find_header();
  [[noreturn]] void fail_without_images(const std::vector<std::size_t>& candidates, std::size_t hits) const;
  // --- split
  void find_split();
  // --- classes
  void find_label();
  bool take_named(const std::vector<std::size_t>& others, NameClarity clarity, bool clear_only_plain);
  bool take_one_hot(const std::vector<std::size_t>& others);
  std::vector<std::size_t> distinct_groups(std::vector<std::size_t> candidates) const;
  std::optional<std::string> why_no_label(std::size_t column);
  const std::vector<ColumnValues>& values();
  [[noreturn]] void fail_ambiguous(const std::string& what, const std::vector<std::size_t>& candidates) const;
  std::string first_rows() const;

  const Table& table_;
  const std::function<bool()>& should_stop_;
  ImageSearch search_;
  ManifestColumns columns_;
  bool header_known_ = false;
  std::size_t width_ = 0;
  Fields first_;
  std::vector<Fields> sample_;
  std::vector<ColumnValues> values_;
};

// Names that have always been understood make a header, whatever the rows hold.
bool ColumnSearch::is_known_header(const Fields& fields) const {
  constexpr std::array<std::string_view, 5> labels{"label", "class", "class_name", "target", "category"};
  const auto path = std::any_of(fields.begin(), fields.end(),
                                [](const std::string& f) { return says_image_file(f) == NameClarity::clear; });
  const auto label = std::any_of(fields.begin(), fields.end(), [&](const std::string& f) {
    return std::find(labels.begin(), labels.end(), lower_case(f)) != labels.end();
  });
  return path && label;
}

void ColumnSearch::read_rows() {
  const std::string nothing = "'" + table_.file + "' names no training images: it needs lines of path,label";
  if (table_.size() == 0) throw NoImages(nothing);
  if (!table_.header.empty()) {
    header_known_ = true;
    columns_.names = table_.header;
  } else {
    first_ = table_.fields(0);
    header_known_ = is_known_header(first_);
    const bool names_image = std::any_of(first_.begin(), first_.end(), [](const std::string& value) {
      return format_of_name(value) != ImageFormat::unknown;
    });
    if (header_known_ || (table_.size() > 1 && !names_image)) columns_.first_row = 1;
  }
  for (const std::size_t row : sample_of_rows(table_, columns_.first_row, sample_size)) {
    sample_.push_back(table_.fields(row));
  }
  if (sample_.empty()) throw NoImages(nothing);
  // R's write.table leaves out the name of the column with the rows' names.
  const bool one_more = table_.header.empty() && columns_.first_row == 1 &&
                        std::all_of(sample_.begin(), sample_.end(), [&](const Fields& fields) {
                          return fields.size() == first_.size() + 1 && !fields.back().empty();
                        });
  if (one_more && std::none_of(first_.begin(), first_.end(), looks_like_path)) {
    first_.insert(first_.begin(), "");
  }
  width_ = table_.header.empty() ? first_.size() : table_.header.size();
  // A separator at the end of every line makes no column.
  const auto ends_empty = [&](const Fields& fields) { return fields.size() < width_ || fields[width_ - 1].empty(); };
  while (width_ > 1 && ends_empty(first_) && std::all_of(sample_.begin(), sample_.end(), ends_empty)) {
    --width_;
    first_.resize(std::min(first_.size(), width_));
  }
  if (table_.header.empty()) columns_.names = first_;
  if (width_ < 2 && table_.header.empty()) {
    throw NoImages("'" + table_.file +
                   "' is a file with one column only: a manifest (.csv, .tsv, .txt or .jsonl) needs the images' paths "
                   "and their labels in two; for class folders give the folder that holds them");
  }
  columns_.names.resize(std::max(width_, columns_.names.size()));
}

Fields ColumnSearch::values_of(std::size_t column) const {
  Fields values;
  for (const Fields& fields : sample_) values.push_back(column < fields.size() ? fields[column] : std::string());
  return values;
}

// Columns of names that look like images' are the only candidates where there are any.
std::vector<std::size_t> ColumnSearch::path_candidates() const {
  std::vector<std::size_t> all;
  std::vector<std::size_t> with_endings;
  for (std::size_t c = 0; c < width_; ++c) {
    if (nested(c)) continue;
    all.push_back(c);
    const Fields values = values_of(c);
    const auto images = std::count_if(values.begin(), values.end(), [](const std::string& value) {
      return format_of_name(value) != ImageFormat::unknown;
    });
    if (2 * static_cast<std::size_t>(images) >= values.size()) with_endings.push_back(c);
  }
  return with_endings.empty() ? all : with_endings;
}

void ColumnSearch::find_path() {
  const auto candidates = path_candidates();
  const auto most_hits = [](const std::vector<FoundImages>& found) {
    std::size_t most = 0;
    for (const FoundImages& one : found) most = std::max(most, one.hits);
    return most;
  };
  std::vector<FoundImages> best;
  for (const std::size_t c : candidates) best.push_back(search_.as_named(values_of(c)));
  // Folders are listed only where the manifest's own words lead to too little.
  for (int distance = 0; 2 * most_hits(best) < sample_.size() && distance < ImageSearch::distances; ++distance) {
    if (should_stop_ && should_stop_()) throw Interrupted();
    std::vector<FoundImages> found;
    for (const std::size_t c : candidates) found.push_back(search_.at_distance(values_of(c), distance));
    if (most_hits(found) > most_hits(best)) best = std::move(found);
  }
  const std::size_t hits = most_hits(best);
  if (hits == 0) fail_without_images(candidates, 0);
  const std::size_t chosen = best_path(candidates, best);
  // Few of many short names that happen to be files are a coincidence.
  if (best[chosen].places.completes && 2 * best[chosen].hits < sample_.size()) {
    fail_without_images({candidates[chosen]}, best[chosen].hits);
  }
  columns_.path = candidates[chosen];
  columns_.places = best[chosen].places;
  if (!best[chosen].ambiguity.empty()) {
    throw DataError("'" + table_.file + "': " + columns_.name(columns_.path) +
                    " does not say which images are meant, " + best[chosen].ambiguity +
                    ": write paths that begin at the manifest's folder");
  }
}

// Which of the candidates: names decide between columns that lead to (nearly) as many files.
std::size_t ColumnSearch::best_path(const std::vector<std::size_t>& candidates,
                                    const std::vector<FoundImages>& found) const {
  std::size_t most = 0;
  for (const FoundImages& one : found) most = std::max(most, one.hits);
  for (const NameClarity clarity : {NameClarity::clear, NameClarity::likely, NameClarity::none}) {
    std::vector<std::size_t> best;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool enough = clarity == NameClarity::none ? found[i].hits == most : 2 * found[i].hits > most;
      const bool named = clarity == NameClarity::none || says_image_file(columns_.names[candidates[i]]) == clarity;
      if (!enough || !named) continue;
      if (!best.empty() && found[i].hits > found[best.front()].hits) best.clear();
      if (best.empty() || found[i].hits == found[best.front()].hits) best.push_back(i);
    }
    if (best.empty()) continue;
    const bool same = std::all_of(best.begin(), best.end(), [&](std::size_t i) {
      return values_of(candidates[i]) == values_of(candidates[best.front()]);
    });
    if (best.size() == 1 || same) return best.front();
    std::vector<std::size_t> several;
    for (const std::size_t i : best) several.push_back(candidates[i]);
    fail_ambiguous("the images", several);
  }
  return 0;
}

void ColumnSearch::fail_without_images(const std::vector<std::size_t>& candidates, std::size_t hits) const {
  // The column that most likely was meant, for the message.
  std::size_t column = candidates.empty() ? 0 : candidates.front();
  for (const NameClarity clarity : {NameClarity::likely, NameClarity::clear}) {
    for (const std::size_t c : candidates) {
      if (says_image_file(columns_.names[c]) == clarity) column = c;
    }
  }
  const Fields values = values_of(column);
  const std::string& value = *std::find_if(values.begin(), values.end() - 1, [](const auto& v) { return !v.empty(); });
  const std::string line = std::to_string(table_.rows[columns_.first_row].line);
  if (is_address(value)) {
    throw NoImages("'" + table_.file + "' line " + line + ": names the image by an address, " + quoted(value) +
                   ": download the images and name files");
  }
  if (table_.size() == 1 && !header_known_ && std::none_of(first_.begin(), first_.end(), looks_like_path)) {
    throw NoImages("'" + table_.file + "' names no training images: it needs lines of path,label");
  }
  const std::string where = std::all_of(values.begin(), values.end(), [](const auto& v) { return v.starts_with('/'); })
                                ? std::string()
                                : " in " + quoted_list(search_.looked_into(), 4);
  const std::string looked = std::to_string(values.size());
  throw NoImages(
      "'" + table_.file + "' line " + line + ": no image file " + quoted(value) + " is found" + where +
      ", with or without an image's ending, and " + (hits == 0 ? "none" : "only " + std::to_string(hits)) + " of the " +
      looked + " names looked at in " +
      (columns_.first_row == 1 || header_known_ ? columns_.name(column) : "column " + std::to_string(column + 1)) +
      (hits == 0 ? " is a file" : " are files") +
      ": paths are needed that are absolute or begin at the manifest's folder");
}

// A first row whose image is no file while those of the others are is a header.
void ColumnSearch::find_header() {
  if (header_known_) return;
  const auto is_data = [&] {
    if (columns_.first_row == 0 || first_.size() <= columns_.path) return true;
    const std::string& value = first_[columns_.path];
    if (looks_like_path(value)) return true;
    // Columns that pandas numbers, with nothing above the index.
    bool numbered = first_.front().empty() && first_.size() > 1;
    for (std::size_t c = 1; c < first_.size(); ++c) numbered = numbered && first_[c] == std::to_string(c - 1);
    if (numbered) return false;
    if (ImageResolver(columns_.places).exists(value)) return true;
    // The image may just be missing; its class then is found in other rows too.
    for (std::size_t c = 0; c < first_.size(); ++c) {
      if (c == columns_.path || first_[c].empty()) continue;
      const Fields values = values_of(c);
      if (std::find(values.begin(), values.end(), first_[c]) != values.end()) return true;
    }
    return false;
  };
  if (!is_data()) {
    header_known_ = true;
    return;
  }
  if (columns_.first_row == 1) sample_.insert(sample_.begin(), first_);
  columns_.first_row = 0;
  columns_.names.assign(width_, "");
}

void ColumnSearch::find_split() {
  const auto all = [&](std::size_t column, const auto& understood) {
    const Fields values = values_of(column);
    return std::all_of(values.begin(), values.end(), understood);
  };
  const auto is_role = [](const std::string& value) { return role_of_word(value).has_value(); };
  const auto is_truth = [](const std::string& value) { return truth_of_word(value).has_value(); };
  const auto is_flag = [&](std::size_t c, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), plain_name(columns_.names[c])) != names.end() && all(c, is_truth);
  };
  using Kind = SplitColumn::Kind;
  std::vector<SplitColumn> found;
  for (std::size_t c = 0; c < width_; ++c) {
    if (c == columns_.path || nested(c)) continue;
    // A third column without a header has always been the split where its first word says so.
    const bool third = !header_known_ && width_ == 3 && c == 2 && is_role(values_of(c).front());
    if (third || (header_known_ && says_split(columns_.names[c]))) found.push_back({c, Kind::words});
  }
  for (std::size_t c = 0; c < width_; ++c) {
    if (c == columns_.path || nested(c)) continue;
    const bool is_label = says_class(columns_.names[c]) == NameClarity::clear;
    if (!is_label && (header_known_ || c >= 2) && all(c, is_role)) found.push_back({c, Kind::words});
    if (is_flag(c, {"isvalid", "isval", "isvalidation"})) found.push_back({c, Kind::is_val});
    if (is_flag(c, {"istest"})) found.push_back({c, Kind::is_test});
    if (is_flag(c, {"istrain", "istraining"})) found.push_back({c, Kind::is_train});
  }
  if (!found.empty()) columns_.split = found.front();
}

const std::vector<ColumnValues>& ColumnSearch::values() {
  if (values_.empty()) values_ = values_of_columns(table_, columns_.first_row, width_, should_stop_);
  return values_;
}

// Of columns that divide the images alike, the first, and one with words before one with numbers.
std::vector<std::size_t> ColumnSearch::distinct_groups(std::vector<std::size_t> candidates) const {
  const auto numbers = [&](std::size_t c) { return number_of(values_of(c).front()).has_value(); };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](std::size_t a, std::size_t b) { return numbers(a) < numbers(b); });
  std::vector<std::size_t> distinct;
  for (const std::size_t c : candidates) {
    const bool known = std::any_of(distinct.begin(), distinct.end(), [&](std::size_t other) {
      return same_groups(table_, columns_.first_row, other, c);
    });
    if (!known) distinct.push_back(c);
  }
  return distinct;
}

std::optional<std::string> ColumnSearch::why_no_label(std::size_t column) {
  if (nested(column)) return "holds lists or objects and no classes";
  const ColumnValues& held = values()[column];
  if (held.empty()) return "is empty";
  if (held.counts_rows && (held.rows > 2 || says_row_number(columns_.names[column]))) return "numbers the rows";
  if (held.too_many) return "has more than 100000 different values, which are no classes";
  if (held.counts.size() == 1) {
    return "holds one class only, " + quoted(held.counts.begin()->first) + ", and a classifier needs two";
  }
  return why_no_classes(held.counts, held.rows);
}

// Takes a column whose name says that it is the class; whether there was one.
bool ColumnSearch::take_named(const std::vector<std::size_t>& others, NameClarity clarity, bool clear_only_plain) {
  std::vector<std::size_t> named;
  for (const std::size_t c : others) {
    const bool plain = !clear_only_plain || is_known_header({"path", columns_.names[c]});
    if (says_class(columns_.names[c]) == clarity && plain) named.push_back(c);
  }
  if (named.empty()) return false;
  if (named.size() == 1 && !nested(named.front())) {
    columns_.label = named.front();
    return true;
  }
  std::vector<std::size_t> usable;
  for (const std::size_t c : named) {
    if (!why_no_label(c)) usable.push_back(c);
  }
  if (usable.empty()) {
    throw NoClasses("'" + table_.file + "': " + columns_.name(named.front()) + " " + *why_no_label(named.front()));
  }
  const auto distinct = distinct_groups(usable);
  if (distinct.size() > 1) fail_ambiguous("the class", distinct);
  // Where a manifest has always been read, its classes keep their names.
  columns_.label = clear_only_plain ? usable.front() : distinct.front();
  return true;
}

// Takes columns of zeros and ones as classes; whether they are.
bool ColumnSearch::take_one_hot(const std::vector<std::size_t>& others) {
  if (!header_known_) return false;
  std::vector<std::size_t> flags;
  std::size_t rest = 0;
  for (const std::size_t c : others) {
    if (nested(c)) continue;
    if (values()[c].zero_or_one) {
      flags.push_back(c);
    } else if (!why_no_label(c)) {
      ++rest;
    }
  }
  if (flags.size() < 2) return false;
  for (std::size_t row = columns_.first_row; row < table_.size(); ++row) {
    const Fields fields = table_.fields(row);
    std::vector<std::string> marked;
    for (const std::size_t c : flags) {
      if (truth_of_word(fields[c]).value_or(false)) marked.push_back(quoted(columns_.names[c]));
    }
    if (marked.size() == 1) continue;
    if (rest != 0) return false;
    std::vector<std::string> names;
    for (const std::size_t c : flags) names.push_back(columns_.names[c]);
    throw NoClasses("'" + table_.file + "' line " + std::to_string(table_.rows[row].line) + ": marks " +
                    (marked.empty() ? "none" : joined(marked, " and ")) + " of the columns " + quoted_list(names) +
                    ": columns of 0 and 1 are classes where every image has exactly one 1; otherwise write a CSV of "
                    "path,label");
  }
  if (rest != 0 && flags.size() < 3) return false;  // one flag and its opposite beside other columns
  columns_.one_hot = flags;
  return true;
}

void ColumnSearch::find_label() {
  std::vector<std::size_t> others;
  for (std::size_t c = 0; c < width_; ++c) {
    if (c != columns_.path && !(columns_.split && columns_.split->column == c)) others.push_back(c);
  }
  const bool as_named = columns_.places.as_named();
  columns_.plain = as_named && others.size() == 1;
  if (header_known_ && take_named(others, NameClarity::clear, true)) {
    columns_.plain = columns_.plain && says_image_file(columns_.names[columns_.path]) == NameClarity::clear;
    return;
  }
  columns_.plain = columns_.plain && !header_known_ && columns_.path == 0;
  if (columns_.plain) {
    columns_.label = others.front();
    return;
  }
  if (header_known_ && take_named(others, NameClarity::clear, false)) return;
  if (take_one_hot(others)) return;
  if (header_known_ && take_named(others, NameClarity::likely, false)) return;
  std::vector<std::size_t> candidates;
  std::vector<std::string> reasons;
  bool tags = false;
  for (const std::size_t c : others) {
    const auto reason = why_no_label(c);
    tags = tags || (reason && several_labels(values()[c].counts));
    if (reason && reasons.size() < 3) {
      reasons.push_back(columns_.name(c) + " " + *reason);
    } else if (!reason) {
      candidates.push_back(c);
    }
  }
  candidates = distinct_groups(candidates);
  // Beside several labels an image, another column is hardly what the images are to be told apart by.
  if (candidates.empty() || tags) {
    throw NoClasses("'" + table_.file + "' does not say the images' classes: " +
                    (reasons.empty() ? columns_.name(columns_.path) + " with the images is the only one"
                                     : joined(reasons, ", and ")));
  }
  // Without names the second of the columns has always been the class.
  const bool second = !header_known_ && columns_.path == 0 && as_named &&
                      std::find(candidates.begin(), candidates.end(), 1U) != candidates.end();
  if (candidates.size() > 1 && !second) fail_ambiguous("the class", candidates);
  columns_.label = second ? 1 : candidates.front();
}

std::string ColumnSearch::first_rows() const {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, sample_.size()); ++i) {
    text += (i == 0 ? "line " : "; line ") + std::to_string(table_.rows[columns_.first_row + i].line) + ":";
    const Fields fields = table_.fields(columns_.first_row + i);
    for (std::size_t c = 0; c < std::min<std::size_t>(fields.size(), 12); ++c) {
      const std::string name =
          c < columns_.names.size() && !columns_.names[c].empty() ? columns_.names[c] : std::to_string(c + 1);
      text += (c == 0 ? " " : ", ") + name + " " + quoted(fields[c]);
    }
    if (fields.size() > 12) text += ", ...";
  }
  return text;
}

void ColumnSearch::fail_ambiguous(const std::string& what, const std::vector<std::size_t>& candidates) const {
  std::vector<std::string> names;
  for (const std::size_t c : candidates) {
    if (names.size() < 8) names.push_back(columns_.name(c));
  }
  if (candidates.size() > names.size()) names.push_back(std::to_string(candidates.size() - names.size()) + " more");
  throw DataError("'" + table_.file + "': " + what + " could be " + joined(names, " or ") + " (" + first_rows() +
                  "): name the right one " + (what == "the class" ? "'label'" : "'path'") +
                  ", or write a CSV of path,label");
}

}  // namespace

std::optional<SplitRole> SplitColumn::role_of(const std::string& value) const {
  if (kind == Kind::words) return role_of_word(value);
  const auto truth = truth_of_word(value);
  if (!truth) return std::nullopt;
  if (kind == Kind::is_train) return *truth ? SplitRole::train : SplitRole::val;
  if (!*truth) return SplitRole::train;
  return kind == Kind::is_val ? SplitRole::val : SplitRole::test;
}

std::string ManifestColumns::name(std::size_t column) const {
  return column < names.size() && !names[column].empty() ? "column " + quoted(names[column])
                                                         : "column " + std::to_string(column + 1);
}

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

ManifestColumns find_columns(const Table& table, const std::function<bool()>& should_stop) {
  return ColumnSearch(table, should_stop).run();
}

}  // namespace lrfind::data
