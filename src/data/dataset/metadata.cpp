// Hugging Face's image folders: a metadata.csv or metadata.jsonl names the images that lie with it (`file_name`) and
// their classes (`label`), in the dataset's folder or in the folder of each split.
#include <data/dataset/column_names.hpp>
#include <data/dataset/folder_scan.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/manifest.hpp>
#include <lrfind/error.hpp>

#include <algorithm>

namespace lrfind::data {
namespace {

std::optional<std::string> metadata_file(const std::string& folder, const Listing& listing) {
  for (const char* name : {"metadata.csv", "metadata.jsonl"}) {
    if (std::binary_search(listing.others.begin(), listing.others.end(), name)) return folder + name;
  }
  return std::nullopt;
}

// "train/1.jpg" beside other splits' folders is a training image, as Hugging Face reads it.
SplitRole role_of_first_folder(const std::string& path) {
  const std::size_t start = path.starts_with("./") ? 2 : 0;
  const std::size_t slash = path.find('/', start);
  if (slash == std::string::npos) return SplitRole::train;
  return role_of_word(path.substr(start, slash - start)).value_or(SplitRole::train);
}

struct MetadataFolder {
  std::string name;
  std::string file;
  SplitRole role;
};

// The folders below that have metadata of their own and are named as splits, training first.
std::vector<MetadataFolder> split_folders(const Files& files, const std::string& root, const Listing& listing) {
  std::vector<MetadataFolder> found;
  for (const std::string& name : listing.folders) {
    const auto role = role_of_word(name);
    if (!role) continue;
    const std::string folder = root + name + "/";
    if (const auto file = metadata_file(folder, list_folder(files, folder))) found.push_back({name, *file, *role});
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.role < b.role; });
  return found;
}

Dataset of_root(const std::string& file, bool has_class_folders, const FindOptions& options) {
  const Table table = read_table(file, options.stop, options.files);
  const ManifestColumns columns = find_columns(table, options.stop);
  const bool named = columns.one_hot.empty() && says_class(columns.names[columns.label]) == NameClarity::clear;
  ManifestBuilder builder;
  builder.add(table, columns, role_of_first_folder, options.stop);
  Dataset dataset = std::move(builder).finish(file);
  const bool across_folders = dataset.train.source()->directories.size() > 1;
  if (has_class_folders && across_folders && !named) {
    throw NoClasses(columns.name(columns.label) + " of " + quoted(file) + " is not called 'label'");
  }
  dataset.notes.insert(dataset.notes.begin(), "'" + file + "' is used: " + columns.description(dataset.train.path(0)));
  return dataset;
}

Dataset of_splits(const std::string& path, const std::vector<MetadataFolder>& folders, const FindOptions& options) {
  ManifestBuilder builder;
  std::optional<ManifestColumns> training;
  std::vector<std::string> left_out;
  std::vector<std::string> validation;
  for (const MetadataFolder& folder : folders) {
    const Table table = read_table(folder.file, options.stop, options.files);
    try {
      const ManifestColumns columns = find_columns(table, options.stop);
      builder.add(
          table, columns, [&](const std::string&) { return folder.role; }, options.stop);
      if (!training) training = columns;
    } catch (const NoClasses&) {
      if (folder.role != SplitRole::test) throw;
      left_out.push_back(folder.name);  // a test whose answers are kept back
      continue;
    }
    if (folder.role != SplitRole::train) validation.push_back(folder.name);
  }
  Dataset dataset = std::move(builder).finish(path);
  dataset.notes.insert(dataset.notes.begin(), "'" + folders.front().file + "' and the like are used: " +
                                                  training->description(dataset.train.path(0)));
  if (!left_out.empty()) {
    dataset.notes.push_back("not used: " + quoted_list(left_out) + " in '" + path +
                            "', whose metadata names no classes");
  }
  if (!dataset.val.empty()) dataset.val_origin = validation.front();
  return dataset;
}

// The dataset that the class folders make; nothing where there are none, or only splits.
std::optional<Dataset> of_class_folders(const std::string& path, const Listing& listing, const FindOptions& options) {
  try {
    Dataset dataset = find_folders(path, listing, options);
    const bool splits = std::all_of(dataset.classes.begin(), dataset.classes.end(),
                                    [](const std::string& name) { return role_of_word(name).has_value(); });
    if (!splits) return dataset;
  } catch (const Error&) {
    // Then the metadata's own error says what is wrong.
  }
  return std::nullopt;
}

}  // namespace

std::optional<Dataset> find_metadata(const std::string& path, const Listing& listing, const FindOptions& options) {
  const std::string root = path.ends_with('/') ? path : path + "/";
  const auto file = metadata_file(root, listing);
  const auto folders = file ? std::vector<MetadataFolder>() : split_folders(*options.files, root, listing);
  if (!file && (folders.empty() || folders.front().role != SplitRole::train)) return std::nullopt;
  std::optional<Dataset> class_folders;
  if (!listing.folders.empty()) class_folders = of_class_folders(path, listing, options);
  try {
    Dataset dataset = file ? of_root(*file, class_folders.has_value(), options) : of_splits(path, folders, options);
    dataset.format = "metadata";
    return dataset;
  } catch (const Error& error) {
    // Class folders are a dataset without any metadata.
    if (!class_folders) throw;
    class_folders->notes.push_back("the classes are the folders', not the metadata's: " + std::string(error.what()));
    return class_folders;
  }
}

}  // namespace lrfind::data
