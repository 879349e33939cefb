// Class folders as they are downloaded: below folders that hold nothing else, with or without splits above them.
#include <data/dataset/class_folders.hpp>
#include <data/dataset/split_names.hpp>
#include <lrfind/error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace lrfind::data {
namespace {

constexpr std::size_t deepest = 8;  // folders around a dataset: more would be a symlink that leads back

// The folders around `inner`, from `root` on, and `inner` itself; all with trailing slashes.
std::vector<std::string> enclosing(const std::string& root, const std::string& inner) {
  std::vector<std::string> folders;
  for (std::size_t at = root.size(); at <= inner.size(); at = inner.find('/', at) + 1) {
    folders.push_back(inner.substr(0, at));
    if (at == inner.size()) break;
  }
  return folders;
}

// Up to `most` folders of a place that hold pictures at any depth, of kinds that are read or not.
std::vector<std::string> folders_with_pictures(const std::string& root, const Place& place, std::size_t most) {
  const auto outer = enclosing(root, place.path);
  std::vector<std::string> found;
  for (const std::string& name : place.listing.folders) {
    if (found.size() == most) break;
    if (holds_pictures(*place.files, place.path + name + "/", outer)) found.push_back(name);
  }
  return found;
}

// The folder to look into instead, where all pictures lie below one folder that holds folders only.
std::optional<Place> only_inner(const std::string& root, const Place& place) {
  if (!place.listing.images.empty()) return std::nullopt;
  const auto found = folders_with_pictures(root, place, 2);
  if (found.size() != 1) return std::nullopt;
  Place inner = place_at(place.files, place.path + found.front() + "/");
  if (inner.listing.folders.empty() || !inner.listing.images.empty()) return std::nullopt;
  return inner;
}

std::string name_of(const Place& place) {
  const std::string path = place.path.substr(0, place.path.size() - 1);
  return path.substr(path.rfind('/') + 1);
}

// From a split's folder through "training_set/training_set/" to where its class folders are. A folder called like a
// known class is one, however little is beside it.
Place class_place(const std::string& root, const Place& split, const std::vector<std::string>& known_classes) {
  Place taken = split;
  Place at = split;
  for (std::size_t depth = 0; depth < deepest; ++depth) {
    auto inner = only_inner(root, at);
    if (!inner || std::binary_search(known_classes.begin(), known_classes.end(), name_of(*inner))) break;
    const bool doubled = name_of(*inner) == name_of(at);
    at = std::move(*inner);
    if (doubled || folders_with_pictures(root, at, 2).size() == 2) taken = at;
  }
  return taken;
}

// Whether the folders beside a training folder say that it is a split and no class.
bool has_splits_beside(const std::string& root, const Place& place, const Place& train,
                       const std::vector<SplitFolder>& named) {
  const auto is = [&](const std::string& name, auto... roles) {
    return std::any_of(named.begin(), named.end(), [&](const SplitFolder& folder) {
      return folder.name == name && (... || (folder.role == roles));
    });
  };
  const std::string train_name = name_of(train);
  std::vector<std::string> unknown;
  for (const std::string& name : place.listing.folders) {
    if (name == train_name) continue;
    if (is(name, SplitRole::val, SplitRole::test)) return true;
    if (!is(name, SplitRole::train, SplitRole::unlabelled)) unknown.push_back(name);
  }
  const auto images = folders_with_pictures(root, {place.files, place.path, {unknown, {}, {}, 0}}, 2);
  if (images.empty()) return true;
  // One folder of images, not of class folders, beside class folders: these images have no label.
  return images.size() == 1 && place_at(place.files, place.path + images.front() + "/").listing.folders.empty() &&
         train.listing.images.empty() && folders_with_pictures(root, train, 2).size() == 2;
}

struct Training {
  std::optional<Place> split;   // the training folder, where it is a split
  std::optional<Place> listed;  // a folder that was listed and is none
};

// The training folder, when it holds folders and what is beside it could be the other splits.
Training find_training(const std::string& root, const Place& place, const std::vector<SplitFolder>& named) {
  Training found;
  for (const SplitFolder& folder : named) {
    if (folder.role != SplitRole::train) continue;
    Place train = place_at(place.files, place.path + folder.name + "/");
    if (!train.listing.folders.empty() && has_splits_beside(root, place, train, named)) {
      found.split = std::move(train);
      break;
    }
    found.listed = std::move(train);
  }
  return found;
}

// "train" may also be the name of all that was downloaded, with the splits in it.
bool is_wrapper(const std::string& root, const Place& train, const Place& place) {
  if (train.listing.folders.size() < 2) return false;
  if (!find_training(root, train, find_split_folders(train.listing.folders)).split) return false;
  return only_inner(root, place).has_value();
}

std::vector<int> labels_in_order(std::size_t classes) {
  std::vector<int> labels(classes);
  for (std::size_t i = 0; i < classes; ++i) labels[i] = static_cast<int>(i);
  return labels;
}

// Those of `names` that are not among the sorted `known`.
std::vector<std::string> unknown_of(const std::vector<std::string>& names, const std::vector<std::string>& known) {
  std::vector<std::string> unknown;
  std::copy_if(names.begin(), names.end(), std::back_inserter(unknown),
               [&](const std::string& name) { return !std::binary_search(known.begin(), known.end(), name); });
  return unknown;
}

// Labels of the validation classes by the training classes' names.
std::vector<int> matching_labels(const ClassFolders& val, const std::vector<std::string>& train) {
  const auto unknown = unknown_of(val.classes, train);
  if (!unknown.empty()) {
    throw data_error("'" + val.path + "' has class folders that the training images do not have: " +
                     quoted_list(unknown) + "; move them out or add such a class to the training images");
  }
  std::vector<int> labels;
  for (const std::string& name : val.classes) {
    labels.push_back(static_cast<int>(std::lower_bound(train.begin(), train.end(), name) - train.begin()));
  }
  return labels;
}

std::string without_slash(const std::string& path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

std::string unlabelled_note(const Place& place) {
  const auto& folders = place.listing.folders;
  const std::string path = without_slash(place.path);
  const std::string names = quoted_list(folders);
  const std::size_t images = place.listing.images.size();
  std::string why =
      "it holds " + std::to_string(images) + (images == 1 ? " image" : " images") + ", in no class folder";
  if (folders.size() == 1) why = "its folder " + names + " is not called like a training class";
  if (folders.size() > 1) why = "none of its folders " + names + " is called like a training class";
  return "'" + path + "' is left out because its images have no label: " + why;
}

// Takes the folder's images as validation images; false, with a note, when they have no label.
bool add_validation(Dataset& dataset, const std::string& root, const Place& split, const FindOptions& options) {
  const Place place = class_place(root, split, dataset.classes);
  const auto has_known = [&](const std::vector<std::string>& names) {
    return unknown_of(names, dataset.classes).size() < names.size();
  };
  ClassFolders val;
  if (has_known(place.listing.folders)) val = scan_class_folders(place, enclosing(root, place.path), options);
  if (!has_known(val.classes)) {
    dataset.notes.push_back(unlabelled_note(place));
    return false;
  }
  add_counts(dataset, val);
  if (place.path != split.path) {
    dataset.notes.push_back("the validation images are those in '" + val.path + "'");
  }
  const auto labels = matching_labels(val, dataset.classes);
  dataset.val = all_samples(to_source(std::move(val), labels));
  dataset.val_origin = name_of(split);
  return true;
}

Dataset read_splits(const std::string& root, const Place& place, const Place& train_split,
                    const std::vector<SplitFolder>& named, const FindOptions& options) {
  Dataset dataset;
  dataset.format = "folders-split";
  const Place train_place = class_place(root, train_split, {});
  ClassFolders train = scan_class_folders(train_place, enclosing(root, train_place.path), options);
  require_classes(train);
  add_counts(dataset, train);
  if (train_place.path != train_split.path) {
    dataset.notes.push_back("the training images are those in '" + train.path + "'");
  }
  dataset.classes = train.classes;
  dataset.train = all_samples(to_source(std::move(train), labels_in_order(dataset.classes.size())));
  dataset.ignored_files += place.listing.images.size() + place.listing.others.size();
  dataset.hidden += place.listing.hidden;
  std::vector<std::string> unused = place.listing.folders;
  std::erase(unused, name_of(train_split));
  for (const SplitRole role : {SplitRole::val, SplitRole::test}) {
    for (const SplitFolder& folder : named) {
      if (folder.role != role || !dataset.val.empty()) continue;
      std::erase(unused, folder.name);
      add_validation(dataset, root, place_at(place.files, place.path + folder.name + "/"), options);
    }
  }
  if (!unused.empty()) {
    dataset.notes.push_back("not used: " + quoted_list(unused) + " in '" + without_slash(place.path) + "'");
  }
  return dataset;
}

Dataset read_classes(const std::string& root, const Place& place, const std::optional<Place>& listed,
                     const FindOptions& options) {
  Dataset dataset;
  dataset.format = "folders";
  ClassFolders scanned = scan_class_folders(place, enclosing(root, place.path), options, listed ? &*listed : nullptr);
  require_classes(scanned);
  add_counts(dataset, scanned);
  dataset.classes = scanned.classes;
  dataset.train = all_samples(to_source(std::move(scanned), labels_in_order(dataset.classes.size())));
  return dataset;
}

void add_place_note(Dataset& dataset, const Place& outermost, const Place& place,
                    const std::vector<std::string>& beside) {
  if (place.path == outermost.path) return;
  const std::string inner = without_slash(place.path);
  const std::string outer = without_slash(outermost.path);
  std::string note = "the dataset is '" + inner + "', the only folder with images in '" + outer + "'";
  if (!beside.empty()) note += "; beside it, without any: " + quoted_list(beside);
  dataset.notes.insert(dataset.notes.begin(), note);
}

}  // namespace

Dataset find_folders(const std::string& path, Listing listing, const FindOptions& options) {
  const Place outermost{options.files, path.ends_with('/') ? path : path + "/", std::move(listing)};
  const std::string& root = outermost.path;
  Place at = outermost;
  Place classes = outermost;
  std::optional<Place> listed;
  std::vector<std::string> beside;  // folders on the way that hold no images
  for (std::size_t depth = 0; depth < deepest; ++depth) {
    const auto named = find_split_folders(at.listing.folders);
    Training training = find_training(root, at, named);
    if (training.split && !is_wrapper(root, *training.split, at)) {
      Dataset dataset = read_splits(root, at, *training.split, named, options);
      add_place_note(dataset, outermost, at, beside);
      return dataset;
    }
    if (depth == 0 || training.listed || folders_with_pictures(root, at, 2).size() == 2) {
      classes = at;
      listed = std::move(training.listed);
    }
    auto inner = only_inner(root, at);
    if (!inner) break;
    for (const std::string& name : at.listing.folders) {
      if (name != name_of(*inner)) beside.push_back(name);
    }
    at = std::move(*inner);
  }
  Dataset dataset = read_classes(root, classes, listed, options);
  add_place_note(dataset, outermost, classes, beside);
  return dataset;
}

}  // namespace lrfind::data
