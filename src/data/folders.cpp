#include <data/folder_scan.hpp>
#include <data/indexing.hpp>
#include <data/parallel.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

namespace lrfind::data {
namespace {

// A folder of class folders, scanned.
struct Scanned {
  std::vector<std::string> classes;  // with at least one image
  std::vector<ClassFiles> files;     // one per class
  std::vector<std::string> without_images;
  std::size_t loose_images = 0;
  std::size_t ignored_files = 0;
  std::size_t hidden = 0;
};

std::string with_slash(const std::string& path) { return path.ends_with('/') ? path : path + "/"; }

Scanned scan_class_folders(const std::string& root, const std::vector<std::string>& outer, const FindOptions& options) {
  const Listing listing = list_folder(root);
  std::vector<ClassFiles> files(listing.folders.size());
  parallel_for(
      files.size(), options.threads,
      [&](std::size_t i) { files[i] = scan_class(root + listing.folders[i] + "/", outer); }, options.should_stop);
  Scanned result;
  result.loose_images = listing.images.size();
  result.ignored_files = listing.images.size() + listing.others.size();
  result.hidden = listing.hidden;
  for (std::size_t i = 0; i < files.size(); ++i) {
    result.ignored_files += files[i].ignored_files;
    result.hidden += files[i].hidden;
    if (files[i].images == 0) {
      result.without_images.push_back(listing.folders[i]);
      continue;
    }
    result.classes.push_back(listing.folders[i]);
    result.files.push_back(std::move(files[i]));
  }
  return result;
}

// Files of all classes in one arena; `labels` gives each scanned class its label.
std::shared_ptr<const Source> to_source(Scanned scanned, const std::vector<int>& labels) {
  auto source = std::make_shared<Source>();
  std::size_t images = 0;
  std::size_t bytes = 0;
  for (const ClassFiles& files : scanned.files) {
    images += files.images;
    for (const auto& folder : files.folders) bytes += folder.names.size();
  }
  if (images > std::numeric_limits<std::uint32_t>::max()) throw DataError("there are more than 4,294,967,295 images");
  source->names.reserve(bytes);
  source->name_begin.reserve(images + 1);
  source->directory.reserve(images);
  source->labels.reserve(images);
  for (std::size_t c = 0; c < scanned.files.size(); ++c) {
    for (ClassFiles::Folder& folder : scanned.files[c].folders) {
      const auto directory = static_cast<std::uint32_t>(source->directories.size());
      std::size_t at = 0;
      for (const std::uint32_t length : folder.lengths) {
        source->add(std::string_view(folder.names).substr(at, length), directory, labels[c]);
        at += length;
      }
      source->directories.push_back(std::move(folder.path));
      folder = {};
    }
  }
  return source;
}

void add_counts(Dataset& dataset, const Scanned& scanned, const std::string& where) {
  dataset.ignored_files += scanned.ignored_files;
  dataset.hidden += scanned.hidden;
  if (!scanned.without_images.empty()) {
    dataset.notes.push_back("no images below " + quoted_list(scanned.without_images) + " in '" + where +
                            "', so no classes are made of them");
  }
  if (scanned.loose_images != 0) {
    dataset.notes.push_back(std::to_string(scanned.loose_images) + " images lie directly in '" + where +
                            "', in no class folder, and are ignored");
  }
}

void require_classes(const Scanned& scanned, const std::string& where) {
  const std::string layout = "a dataset is a folder with one subfolder of images per class";
  if (scanned.classes.size() >= 2) return;
  if (scanned.classes.empty()) {
    throw DataError("'" + where + "' holds no images" +
                    (scanned.loose_images != 0
                         ? " in subfolders, only " + std::to_string(scanned.loose_images) + " that lie directly in it"
                         : "") +
                    ": " + layout + " (JPEG, PNG, BMP, WebP, TIFF, PGM or PPM), IDX files or a CSV manifest");
  }
  const auto& folders = scanned.files.front().folders;
  const std::string inner = with_slash(where) + scanned.classes.front();
  const bool nested = std::any_of(folders.begin(), folders.end(), [&](const auto& f) { return f.path != inner + "/"; });
  throw DataError("'" + where + "' holds one class only, '" + scanned.classes.front() +
                  "', and a classifier needs two: " + layout +
                  (nested ? "; if '" + inner + "' holds the class folders, give that" : ""));
}

std::vector<int> labels_in_order(std::size_t classes) {
  std::vector<int> labels(classes);
  for (std::size_t i = 0; i < classes; ++i) labels[i] = static_cast<int>(i);
  return labels;
}

// Labels of the validation classes by the training classes' names.
std::vector<int> matching_labels(const std::vector<std::string>& val, const std::vector<std::string>& train,
                                 const std::string& where) {
  std::vector<int> labels;
  std::vector<std::string> unknown;
  for (const std::string& name : val) {
    const auto found = std::lower_bound(train.begin(), train.end(), name);
    if (found == train.end() || *found != name) {
      unknown.push_back(name);
    } else {
      labels.push_back(static_cast<int>(found - train.begin()));
    }
  }
  if (!unknown.empty()) {
    throw DataError("'" + where + "' has class folders that the training images do not have: " + quoted_list(unknown));
  }
  return labels;
}

Dataset split_folders(const std::string& root, const Listing& listing, const FindOptions& options) {
  Dataset dataset;
  dataset.format = "folders-split";
  const std::string train_path = root + "train/";
  Scanned train = scan_class_folders(train_path, {root, train_path}, options);
  add_counts(dataset, train, root + "train");
  require_classes(train, root + "train");
  dataset.classes = train.classes;
  dataset.train = all_samples(to_source(std::move(train), labels_in_order(dataset.classes.size())));
  dataset.ignored_files += listing.images.size() + listing.others.size();
  dataset.hidden += listing.hidden;
  std::vector<std::string> unused;
  for (const std::string& name : listing.folders) {
    if (name != "train") unused.push_back(name);
  }
  for (const char* name : {"val", "valid", "validation", "test"}) {
    const auto found = std::find(unused.begin(), unused.end(), name);
    if (found == unused.end()) continue;
    const std::string val_path = root + name + "/";
    Scanned val = scan_class_folders(val_path, {root, val_path}, options);
    if (val.classes.empty()) continue;  // such as a test/ folder without labels
    unused.erase(found);
    add_counts(dataset, val, root + name);
    const auto labels = matching_labels(val.classes, dataset.classes, root + name);
    dataset.val = all_samples(to_source(std::move(val), labels));
    dataset.val_origin = name;
    break;
  }
  if (!unused.empty()) dataset.notes.push_back("not used: " + quoted_list(unused) + " in '" + root + "'");
  return dataset;
}

// train/ is a split, not a class called "train", when it holds folders and what is beside it could be its validation.
bool is_split(const std::string& root, const Listing& listing) {
  const auto& names = listing.folders;
  if (std::find(names.begin(), names.end(), "train") == names.end()) return false;
  constexpr std::array<std::string_view, 4> validation{"val", "valid", "validation", "test"};
  const bool has_validation = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(validation.begin(), validation.end(), name) != validation.end();
  });
  if (!has_validation && names.size() != 1) return false;
  return !list_folder(root + "train/").folders.empty();
}

}  // namespace

Dataset find_folders(const std::string& path, const FindOptions& options) {
  const std::string root = with_slash(path);
  const Listing listing = list_folder(root);
  if (is_split(root, listing)) return split_folders(root, listing, options);
  Dataset dataset;
  dataset.format = "folders";
  Scanned scanned = scan_class_folders(root, {root}, options);
  add_counts(dataset, scanned, path);
  require_classes(scanned, path);
  dataset.classes = scanned.classes;
  dataset.train = all_samples(to_source(std::move(scanned), labels_in_order(dataset.classes.size())));
  return dataset;
}

}  // namespace lrfind::data
