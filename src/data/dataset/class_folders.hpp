// A folder with one subfolder of images per class: what is in it, and what there is to say of it.
#pragma once

#include <data/dataset/folder_scan.hpp>
#include <data/dataset/indexing.hpp>
#include <lrfind/error.hpp>

#include <memory>
#include <string>
#include <vector>

namespace lrfind::data {

/// A folder that has been listed.
struct Place {
  std::shared_ptr<const Files> files;
  std::string path;  ///< with a trailing slash
  Listing listing;
};

Place place_at(std::shared_ptr<const Files> files, const std::string& folder);

/// A folder of class folders, scanned.
struct ClassFolders {
  std::shared_ptr<const Files> where;
  std::string path;                  ///< without the trailing slash, for people
  std::vector<std::string> classes;  ///< with at least one image
  std::vector<ClassFiles> files;     ///< one per class
  std::vector<std::string> imageless;
  std::vector<ClassFiles> imageless_files;  ///< one per folder of `imageless`
  std::vector<std::string> loose_names;     ///< of these images
  FileKinds loose_others;                   ///< of files directly in the folder that are no images
  std::size_t ignored_files = 0;
  std::size_t hidden = 0;
};

/// `outer`: folders around `place`, never entered. `listed`: a subfolder that is listed already, or nullptr.
ClassFolders scan_class_folders(const Place& place, const std::vector<std::string>& outer, const FindOptions& options,
                                const Place* listed = nullptr);

/// The images of all classes; `labels` gives each scanned class its label.
std::shared_ptr<const Source> to_source(ClassFolders scanned, const std::vector<int>& labels);

/// Adds to the dataset's counts and notes what was not used of the scanned folders.
void add_counts(Dataset& dataset, const ClassFolders& scanned);

/// Throws Error (data) unless there are two classes.
void require_classes(const ClassFolders& scanned);

}  // namespace lrfind::data
