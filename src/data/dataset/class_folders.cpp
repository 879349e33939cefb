#include <data/dataset/class_folders.hpp>
#include <lrfind/error.hpp>

#include <data/dataset/manifest_hint.hpp>
#include <data/dataset/split_names.hpp>
#include <platform/parallel.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

namespace lrfind::data {
namespace {

constexpr std::string_view kinds_read = "JPEG, PNG, BMP, WebP, TIFF, PGM or PPM";

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// "12 .heic files and 1 .txt file", most frequent first.
std::string kinds_in_words(const FileKinds& kinds) {
  std::vector<std::pair<std::string, std::size_t>> sorted(kinds.begin(), kinds.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, sorted.size()); ++i) {
    const auto& [extension, count] = sorted[i];
    text += (i == 0 ? "" : ", ") + counted(count, extension.empty() ? "file" : extension + " file");
  }
  return text + (sorted.size() > most ? ", ..." : "");
}

std::size_t pictures(const FileKinds& kinds) {
  std::size_t count = 0;
  for (const auto& [extension, files] : kinds) count += is_unread_picture(extension) ? files : 0;
  return count;
}

// "'dog' (12 .heic files), 'empty'": every folder with pictures, and the first of the others.
std::string imageless_list(const ClassFolders& scanned) {
  std::string text;
  std::size_t others = 0;
  constexpr std::size_t most = 5;
  for (const bool with_pictures : {true, false}) {
    for (std::size_t i = 0; i < scanned.imageless.size(); ++i) {
      const FileKinds& kinds = scanned.imageless_files[i].other_kinds;
      if ((pictures(kinds) > 0) != with_pictures || (!with_pictures && ++others > most)) continue;
      text += (text.empty() ? "'" : ", '") + scanned.imageless[i] + "'";
      if (!kinds.empty()) text += " (" + kinds_in_words(kinds) + ")";
    }
  }
  return text + (others > most ? " and " + std::to_string(others - most) + " more" : "");
}

constexpr std::string_view layout = "a dataset is a folder with one subfolder of images per class";

// Names of the images in a class folder itself.
std::vector<std::string> directly_in(const ClassFiles& files, const std::string& class_path) {
  std::vector<std::string> names;
  for (const auto& folder : files.folders) {
    if (folder.path != class_path) continue;
    std::size_t at = 0;
    for (const std::uint32_t length : folder.lengths) {
      names.push_back(folder.names.substr(at, length));
      at += length;
    }
  }
  return names;
}

// The folders directly in a class folder.
std::vector<std::string> inner_folders(const ClassFiles& files, const std::string& class_path) {
  std::set<std::string> names;
  for (const auto& folder : files.folders) {
    if (folder.path.size() <= class_path.size()) continue;
    const std::string_view rest = std::string_view(folder.path).substr(class_path.size());
    names.emplace(rest.substr(0, rest.find('/')));
  }
  return {names.begin(), names.end()};
}

// Images below cats/train and cats/test are all of the class cats, which is not what whoever made them meant.
std::string merged_splits_note(const ClassFolders& scanned) {
  std::vector<std::string> merged;
  std::vector<std::string> example;
  for (std::size_t i = 0; i < scanned.classes.size(); ++i) {
    const auto inner = inner_folders(scanned.files[i], scanned.path + "/" + scanned.classes[i] + "/");
    if (inner.size() < 2 || !only_split_names(inner)) continue;
    if (merged.empty()) example = inner;
    merged.push_back(scanned.classes[i]);
  }
  if (merged.empty()) return {};
  return "the images of " + quoted_list(example) + " inside the class" + (merged.size() == 1 ? " " : "es ") +
         quoted_list(merged) +
         " are put together: training and validation images are told apart only where such folders are above the "
         "class folders";
}

// A class called like a split, and what makes that suspicious.
std::string split_class_note(const ClassFolders& scanned) {
  const auto named = find_split_folders(scanned.classes);
  const auto has = [&](auto test) { return std::any_of(named.begin(), named.end(), test); };
  const bool both = has([](const SplitFolder& f) { return f.role == SplitRole::train; }) &&
                    has([](const SplitFolder& f) { return f.role == SplitRole::val || f.role == SplitRole::test; });
  std::vector<std::string> suspicious;
  for (std::size_t i = 0; i < scanned.classes.size(); ++i) {
    const std::string& name = scanned.classes[i];
    if (!has([&](const SplitFolder& f) { return f.name == name; })) continue;
    const std::string path = scanned.path + "/" + name + "/";
    const bool of_folders =
        inner_folders(scanned.files[i], path).size() >= 2 && scanned.files[i].folders.front().path != path;
    if (both || of_folders) suspicious.push_back(name);
  }
  if (suspicious.empty()) return {};
  return quoted_list(suspicious) + " in '" + scanned.path + "' " +
         (suspicious.size() == 1 ? "is taken for a class" : "are taken for classes") +
         " because other folders of images are beside " + (suspicious.size() == 1 ? "it" : "them") + ": " +
         quoted_list(scanned.classes) + "; if it is a split, give a folder that holds nothing but splits";
}

// All that looks like classes is splits: never to be trained on.
[[noreturn]] void fail_without_classes(const ClassFolders& scanned) {
  std::string train;
  for (const SplitFolder& folder : find_split_folders(scanned.classes)) {
    if (folder.role == SplitRole::train && train.empty()) train = folder.name;
  }
  const std::string what =
      "'" + scanned.path + "' holds " + quoted_list(scanned.classes) +
      (scanned.classes.size() == 1 ? ", which is a split and no class" : ", which are splits and no classes");
  if (train.empty()) {
    throw data_error(
        what + ", and no training images are beside it: give a folder with train/CLASS/1.jpg and val/CLASS/2.jpg");
  }
  const auto at = static_cast<std::size_t>(std::find(scanned.classes.begin(), scanned.classes.end(), train) -
                                           scanned.classes.begin());
  const std::string inner = scanned.path + "/" + train;
  if (inner_folders(scanned.files[at], inner + "/").size() >= 2) {
    throw data_error(what + ": give '" + scanned.path + "' if it is the dataset");
  }
  throw data_error(what + ": make one subfolder of images per class in '" + inner + "', or give a CSV manifest" +
                   manifest_hint(scanned.path, train + "/", directly_in(scanned.files[at], inner + "/")));
}

}  // namespace

Place place_at(std::shared_ptr<const Files> files, const std::string& folder) {
  Listing listing = list_folder(*files, folder);
  return {std::move(files), folder, std::move(listing)};
}

ClassFolders scan_class_folders(const Place& place, const std::vector<std::string>& outer, const FindOptions& options,
                                const Place* listed) {
  const Listing& listing = place.listing;
  std::vector<ClassFiles> files(listing.folders.size());
  parallel_for(
      files.size(), options.threads,
      [&](std::size_t i) {
        const std::string path = place.path + listing.folders[i] + "/";
        files[i] = scan_class(*place.files, path, outer,
                              listed != nullptr && listed->path == path ? &listed->listing : nullptr);
      },
      options.stop);
  ClassFolders result;
  result.where = place.files;
  result.path = place.path.size() > 1 ? place.path.substr(0, place.path.size() - 1) : place.path;
  result.loose_names = listing.images;
  result.loose_others = kinds_of(listing.others);
  result.ignored_files = listing.images.size() + listing.others.size();
  result.hidden = listing.hidden;
  for (std::size_t i = 0; i < files.size(); ++i) {
    result.ignored_files += files[i].ignored_files;
    result.hidden += files[i].hidden;
    const bool has_images = files[i].images != 0;
    (has_images ? result.classes : result.imageless).push_back(listing.folders[i]);
    (has_images ? result.files : result.imageless_files).push_back(std::move(files[i]));
  }
  return result;
}

std::shared_ptr<const Source> to_source(ClassFolders scanned, const std::vector<int>& labels) {
  auto source = std::make_shared<Source>();
  source->files = scanned.where;
  std::size_t images = 0;
  std::size_t bytes = 0;
  for (const ClassFiles& files : scanned.files) {
    images += files.images;
    for (const auto& folder : files.folders) bytes += folder.names.size();
  }
  if (images > std::numeric_limits<std::uint32_t>::max()) throw data_error("there are more than 4,294,967,295 images");
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

void add_counts(Dataset& dataset, const ClassFolders& scanned) {
  dataset.ignored_files += scanned.ignored_files;
  dataset.hidden += scanned.hidden;
  if (!scanned.imageless.empty()) {
    dataset.notes.push_back("no " + std::string(kinds_read) + " images below " + imageless_list(scanned) + " in '" +
                            scanned.path + "', so no classes are made of them");
  }
  for (std::size_t i = 0; i < scanned.classes.size(); ++i) {
    const std::size_t unread = pictures(scanned.files[i].other_kinds);
    if (unread <= scanned.files[i].images) continue;
    dataset.notes.push_back("the class '" + scanned.classes[i] + "' in '" + scanned.path + "' has " +
                            counted(scanned.files[i].images, "image") +
                            " that can be read, and leaves out more: " + kinds_in_words(scanned.files[i].other_kinds));
  }
  if (!scanned.loose_names.empty()) {
    dataset.notes.push_back(std::to_string(scanned.loose_names.size()) + " images lie directly in '" + scanned.path +
                            "', in no class folder, and are ignored");
  }
  for (const std::string& note : {merged_splits_note(scanned), split_class_note(scanned)}) {
    if (!note.empty()) dataset.notes.push_back(note);
  }
}

void require_classes(const ClassFolders& scanned) {
  if (only_split_names(scanned.classes)) fail_without_classes(scanned);
  if (scanned.classes.size() >= 2) return;
  const std::string imageless =
      scanned.imageless.empty() ? "" : "; below " + imageless_list(scanned) + " there is no image that can be read";
  if (scanned.classes.empty()) {
    std::string loose;
    if (!scanned.loose_names.empty()) {
      loose = " in subfolders, only " + std::to_string(scanned.loose_names.size()) + " that lie directly in it";
    } else if (pictures(scanned.loose_others) > 0) {
      loose = " that can be read, only " + kinds_in_words(scanned.loose_others);
    }
    throw data_error("'" + scanned.path + "' holds no images" + loose + ": " + std::string(layout) + " (" +
                     std::string(kinds_read) + "), IDX files or a CSV manifest" + imageless +
                     manifest_hint(scanned.path, "", scanned.loose_names));
  }
  const std::string inner = scanned.path + "/" + scanned.classes.front();
  const auto& folders = scanned.files.front().folders;
  const bool nested = std::any_of(folders.begin(), folders.end(), [&](const auto& f) { return f.path != inner + "/"; });
  throw data_error(
      "'" + scanned.path + "' holds one class only, '" + scanned.classes.front() + "', and a classifier needs two: " +
      std::string(layout) + imageless + (nested ? "; if '" + inner + "' holds the class folders, give that" : "") +
      manifest_hint(scanned.path, scanned.classes.front() + "/", directly_in(scanned.files.front(), inner + "/")));
}

}  // namespace lrfind::data
