// CSV manifests: path,label[,split], RFC 4180 quoting without line breaks inside quotes.
#include <data/indexing.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <unordered_map>

namespace lrfind::data {
namespace {

struct Columns {
  std::size_t path = 0;
  std::size_t label = 1;
  std::optional<std::size_t> split;
};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Fields of one line, unquoted fields trimmed; nothing when a quote is not closed or followed by text.
std::optional<std::vector<std::string>> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  while (true) {
    const std::size_t start = line.find_first_not_of(" \t", at);
    if (start != std::string::npos && line[start] == '"') {
      std::string field;
      for (at = start + 1;; ++at) {
        if (at >= line.size()) return std::nullopt;
        if (line[at] != '"') {
          field += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          field += '"';
          ++at;
        } else {
          break;
        }
      }
      fields.push_back(std::move(field));
      at = line.find_first_not_of(" \t", at + 1);
      if (at == std::string::npos) return fields;
      if (line[at] != ',') return std::nullopt;
    } else {
      const std::size_t comma = std::min(line.find(',', at), line.size());
      fields.push_back(trimmed(line.substr(at, comma - at)));
      at = comma;
      if (at >= line.size()) return fields;
    }
    ++at;
  }
}

std::optional<Columns> header_columns(const std::vector<std::string>& fields) {
  constexpr std::array<std::string_view, 7> paths{"path",     "file",  "filename",  "file_name",
                                                  "filepath", "image", "image_path"};
  constexpr std::array<std::string_view, 5> labels{"label", "class", "class_name", "target", "category"};
  const auto column = [&](const auto& names) {
    return static_cast<std::size_t>(std::find_if(fields.begin(), fields.end(),
                                                 [&](const std::string& f) {
                                                   return std::find(names.begin(), names.end(), lower(f)) !=
                                                          names.end();
                                                 }) -
                                    fields.begin());
  };
  Columns columns;
  columns.path = column(paths);
  columns.label = column(labels);
  if (columns.path == fields.size() || columns.label == fields.size()) return std::nullopt;
  const std::size_t split = column(std::array<std::string_view, 3>{"split", "subset", "set"});
  if (split != fields.size()) columns.split = split;
  return columns;
}

// Gathers rows; class numbers are given when all names are known.
struct Manifest {
  std::string file;
  std::string folder;  // that relative paths start from, with a trailing slash, or empty
  Source source;
  std::vector<std::string> names;                  // labels in order of appearance
  std::unordered_map<std::string, int> number_of;  // of a label
  std::unordered_map<std::string, std::uint32_t> directory_of;
  std::vector<std::uint32_t> train, val;

  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw DataError("'" + file + "' line " + std::to_string(line) + ": " + what);
  }

  void add(const std::vector<std::string>& fields, const Columns& columns, std::size_t line) {
    if (fields.size() <= std::max(columns.path, columns.label)) {
      fail(line, "has " + std::to_string(fields.size()) + " fields and needs a path and a label, separated by a comma");
    }
    const std::string& path = fields[columns.path];
    const std::string& label = fields[columns.label];
    if (path.empty()) fail(line, "has no path");
    if (label.empty()) fail(line, "has no label");
    bool is_val = false;
    if (columns.split && *columns.split < fields.size()) {
      const std::string split = lower(fields[*columns.split]);
      is_val = split == "val" || split == "valid" || split == "validation" || split == "test";
      if (!is_val && split != "train")
        fail(line, "has the split '" + fields[*columns.split] + "' and needs train or val");
    }
    const auto [known, is_new] = number_of.try_emplace(label, static_cast<int>(names.size()));
    if (is_new) names.push_back(label);
    (is_val ? val : train).push_back(static_cast<std::uint32_t>(source.size()));
    const std::size_t slash = path.rfind('/') + 1;
    const std::string directory = (path.front() == '/' ? "" : folder) + path.substr(0, slash);
    const auto [place, new_place] =
        directory_of.try_emplace(directory, static_cast<std::uint32_t>(source.directories.size()));
    if (new_place) source.directories.push_back(directory);
    source.add(std::string_view(path).substr(slash), place->second, known->second);
  }
};

}  // namespace

Dataset find_csv(const std::string& path, const FindOptions& options) {
  if (!lower(path).ends_with(".csv")) {
    throw DataError("'" + path +
                    "' is a file: give a folder with one subfolder per class, a folder with IDX files or a CSV "
                    "manifest (.csv) of image paths and labels");
  }
  std::ifstream input(path, std::ios::binary);
  if (!input) throw DataError("'" + path + "' cannot be opened");
  Manifest manifest;
  manifest.file = path;
  manifest.folder = path.substr(0, path.rfind('/') + 1);
  Columns columns;
  std::string line;
  bool first = true;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    if (options.should_stop && number % 4096 == 0 && options.should_stop()) throw Interrupted();
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (line.find('\0') != std::string::npos) manifest.fail(number, "is not text");
    const auto fields = fields_of(line);
    if (!fields) manifest.fail(number, "has a quote that is not closed or not followed by a comma");
    if (first) {
      first = false;
      if (const auto header = header_columns(*fields)) {
        columns = *header;
        continue;
      }
      // Without a header a third column is the split when it looks like one.
      if (fields->size() == 3) {
        const std::string word = lower((*fields)[2]);
        if (word == "train" || word == "val" || word == "valid" || word == "validation" || word == "test")
          columns.split = 2;
      }
    }
    manifest.add(*fields, columns, number);
  }
  if (manifest.train.empty()) throw DataError("'" + path + "' names no training images: it needs lines of path,label");

  Dataset dataset;
  dataset.format = "csv";
  std::vector<bool> trained(manifest.names.size());
  for (const std::uint32_t i : manifest.train) trained[static_cast<std::size_t>(manifest.source.labels[i])] = true;
  for (const std::uint32_t i : manifest.val) {
    const auto label = static_cast<std::size_t>(manifest.source.labels[i]);
    if (!trained[label])
      throw DataError("'" + path + "' has validation images of '" + manifest.names[label] + "' and no training image");
  }
  if (manifest.names.size() < 2) {
    throw DataError("'" + path + "' names one class only, '" + manifest.names.front() +
                    "', and a classifier needs two");
  }
  dataset.classes = manifest.names;
  std::sort(dataset.classes.begin(), dataset.classes.end());
  std::vector<int> sorted_number;
  for (const std::string& name : manifest.names) {
    const auto place = std::lower_bound(dataset.classes.begin(), dataset.classes.end(), name);
    sorted_number.push_back(static_cast<int>(place - dataset.classes.begin()));
  }
  for (std::int32_t& label : manifest.source.labels) label = sorted_number[static_cast<std::size_t>(label)];
  const auto source = std::make_shared<const Source>(std::move(manifest.source));
  dataset.train = Samples(source, std::move(manifest.train));
  if (!manifest.val.empty()) {
    dataset.val = Samples(source, std::move(manifest.val));
    dataset.val_origin = "manifest";
  }
  return dataset;
}

}  // namespace lrfind::data
