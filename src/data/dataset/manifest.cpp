#include <data/dataset/column_values.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/manifest.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

namespace lrfind::data {
namespace {

std::string label_of(const Table& table, const ManifestColumns& columns, std::size_t row,
                     const std::vector<std::string>& fields) {
  if (columns.one_hot.empty()) return fields[columns.label];
  for (const std::size_t c : columns.one_hot) {
    if (truth_of_word(fields[c]).value_or(false)) return columns.names[c];
  }
  table.fail(row, "has no label");
}

}  // namespace

void ManifestBuilder::add_row(const Table& table, const ManifestColumns& columns, std::size_t row,
                              ImageResolver& resolver, const SplitOfPath& split_of_path) {
  const auto fields = table.fields(row);
  if (fields.size() <= std::max(columns.path, columns.one_hot.empty() ? columns.label : columns.one_hot.back())) {
    table.fail(row, "has " + std::to_string(fields.size()) + " fields and needs a path and a label, separated by " +
                        (table.delimiter == ',' ? "a comma" : quoted(std::string(1, table.delimiter))));
  }
  for (std::size_t c = columns.names.size(); c < fields.size(); ++c) {
    if (fields[c].empty()) continue;
    table.fail(row, "has " + std::to_string(fields.size()) + " fields where the first row has " +
                        std::to_string(columns.names.size()) + ": a value that holds " +
                        quoted(std::string(1, table.delimiter)) + " needs quotes");
  }
  const std::string& path = fields[columns.path];
  if (path.empty()) table.fail(row, "has no path");
  if (path.find('\0') != std::string::npos) table.fail(row, "has a path with a zero byte");
  const std::string label = label_of(table, columns, row, fields);
  if (label.empty()) table.fail(row, "has no label");
  auto role = SplitRole::train;
  if (!columns.split && split_of_path) role = split_of_path(path);
  if (columns.split && columns.split->column < fields.size()) {
    const std::string& word = fields[columns.split->column];
    const auto said = columns.split->role_of(word);
    if (!said) table.fail(row, "has the split " + quoted(word) + " and needs train or val");
    role = *said;
  }
  ImageFile file;
  try {
    file = resolver.resolve(path);
  } catch (const Error& error) {
    table.fail(row, quoted(path) + " " + error.what());
  }
  if (source_.size() == std::numeric_limits<std::uint32_t>::max()) table.fail(row, "is beyond 4,294,967,295 images");
  const auto [known, is_new] = number_of_.try_emplace(label, static_cast<int>(names_.size()));
  if (is_new) names_.push_back(label);
  auto& entries = role == SplitRole::train ? train_ : role == SplitRole::val ? val_ : test_;
  entries.push_back(static_cast<std::uint32_t>(source_.size()));
  const auto [place, new_place] =
      directory_of_.try_emplace(file.directory, static_cast<std::uint32_t>(source_.directories.size()));
  if (new_place) source_.directories.push_back(file.directory);
  source_.add(file.name, place->second, known->second);
}

void ManifestBuilder::add(const Table& table, const ManifestColumns& columns, const SplitOfPath& split_of_path,
                          const std::stop_token& stop) {
  ImageResolver resolver(table.files, columns.places);
  source_.files = table.files;
  for (std::size_t row = columns.first_row; row < table.size(); ++row) {
    if (row % 4096 == 0 && stop.stop_requested()) throw Interrupted();
    add_row(table, columns, row, resolver, split_of_path);
  }
}

// The same file in two classes or two splits is a mistake that no curve shows.
void ManifestBuilder::note_repeated(Dataset& dataset) const {
  struct Use {
    std::size_t hash;
    std::uint32_t entry;
    bool val;
  };
  std::vector<Use> uses;
  const auto name_of = [&](std::uint32_t entry) {
    const auto begin = static_cast<std::size_t>(source_.name_begin[entry]);
    return std::string_view(source_.names)
        .substr(begin, static_cast<std::size_t>(source_.name_begin[entry + 1UL]) - begin);
  };
  for (const auto* entries : {&train_, &val_}) {
    for (const std::uint32_t entry : *entries) {
      const std::size_t hash = std::hash<std::string_view>()(name_of(entry)) * 31 + source_.directory[entry];
      uses.push_back({hash, entry, entries == &val_});
    }
  }
  std::sort(uses.begin(), uses.end(),
            [](const Use& a, const Use& b) { return std::pair(a.hash, a.entry) < std::pair(b.hash, b.entry); });
  std::size_t two_classes = 0;
  std::size_t two_splits = 0;
  std::uint32_t first = std::numeric_limits<std::uint32_t>::max();  // of those in two classes
  std::uint32_t first_split = first;
  for (std::size_t i = 1; i < uses.size(); ++i) {
    const Use& a = uses[i - 1];
    const Use& b = uses[i];
    const bool same = a.hash == b.hash && source_.directory[a.entry] == source_.directory[b.entry] &&
                      name_of(a.entry) == name_of(b.entry);
    if (!same) continue;
    if (source_.labels[a.entry] != source_.labels[b.entry]) ++two_classes, first = std::min(first, b.entry);
    if (a.val != b.val) ++two_splits, first_split = std::min(first_split, b.entry);
  }
  const auto path_of = [&](std::uint32_t entry) {
    return quoted(source_.directories[source_.directory[entry]] + std::string(name_of(entry)));
  };
  if (two_classes != 0) {
    dataset.notes.push_back("the manifest names images again with another class, " + std::to_string(two_classes) +
                            " times, such as " + path_of(first));
  }
  if (two_splits != 0) {
    dataset.notes.push_back("the manifest names images both for training and for validation, " +
                            std::to_string(two_splits) + " times, such as " + path_of(first_split));
  }
}

Dataset ManifestBuilder::finish(const std::string& name) && {
  Dataset dataset;
  if (train_.empty()) throw data_error("'" + name + "' names no training images: it needs lines of path,label");
  if (!val_.empty() && !test_.empty()) {
    dataset.notes.push_back("the manifest's " + std::to_string(test_.size()) + " test images are left out: its " +
                            std::to_string(val_.size()) + " validation images are used for validation");
  } else if (val_.empty()) {
    val_ = std::move(test_);
  }
  std::vector<std::size_t> trained(names_.size());
  std::vector<std::size_t> images(names_.size());
  for (const std::uint32_t i : train_) ++trained[static_cast<std::size_t>(source_.labels[i])];
  images = trained;
  for (const std::uint32_t i : val_) {
    const auto label = static_cast<std::size_t>(source_.labels[i]);
    ++images[label];
    if (trained[label] == 0)
      throw data_error("'" + name + "' has validation images of " + quoted(names_[label]) + " and no training image");
  }
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (images[i] != 0) counts[names_[i]] = images[i];
  }
  if (counts.size() < 2) {
    throw data_error("'" + name + "' names one class only, " + quoted(counts.begin()->first) +
                     ", and a classifier needs two");
  }
  if (const auto reason = why_no_classes(counts, train_.size() + val_.size())) {
    throw data_error("'" + name + "': the column with the labels " + *reason);
  }
  if (counts.size() == train_.size() + val_.size() && counts.size() > 2) {
    dataset.notes.emplace_back("every image of the manifest has a class of its own");
  }
  note_repeated(dataset);
  for (const auto& [label, count] : counts) dataset.classes.push_back(label);
  std::vector<int> sorted_number;
  for (const std::string& label : names_) {
    const auto place = std::lower_bound(dataset.classes.begin(), dataset.classes.end(), label);
    sorted_number.push_back(static_cast<int>(place - dataset.classes.begin()));
  }
  for (std::int32_t& label : source_.labels) label = sorted_number[static_cast<std::size_t>(label)];
  const auto source = std::make_shared<const Source>(std::move(source_));
  dataset.train = Samples(source, std::move(train_));
  if (!val_.empty()) {
    dataset.val = Samples(source, std::move(val_));
    dataset.val_origin = "manifest";
  }
  return dataset;
}

Dataset find_manifest(const std::string& path, const FindOptions& options) {
  if (!is_table_name(path)) {
    throw data_error("'" + path +
                     "' is a file: give a folder with one subfolder per class, a folder with IDX files, a manifest "
                     "(.csv, .tsv, .txt or .jsonl) of image paths and labels, or an archive (.zip, .tar, .tar.gz, "
                     ".tar.bz2, .tar.xz or .tar.zst)");
  }
  const Table table = read_table(path, options.stop, options.files);
  const ManifestColumns columns = find_columns(table, options.stop);
  ManifestBuilder builder;
  builder.add(table, columns, {}, options.stop);
  Dataset dataset = std::move(builder).finish(path);
  dataset.format = is_json_lines_name(path) ? "jsonl" : "csv";
  if (!columns.plain) {
    dataset.notes.insert(dataset.notes.begin(), "'" + path + "': " + columns.description(dataset.train.path(0)));
  }
  return dataset;
}

}  // namespace lrfind::data
