// Finds where the images lie that a manifest names: as it says, or in a folder beside it, or without their ending.
#pragma once

#include <data/dataset/folder_scan.hpp>
#include <lrfind/error.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

/// How a manifest's names become files.
struct ImagePlaces {
  std::vector<std::string> folders;  ///< that names are relative to, each empty or with a trailing slash
  bool completes = false;            ///< names lack their ending
  bool backslashes = false;          ///< stand for slashes
  bool elsewhere = false;            ///< some folder is not the manifest's own
  std::string ending;                ///< ".jpg": the one meant where a name has several; otherwise empty

  /// Names are taken as they are, relative to the manifest's folder.
  bool as_named() const { return !elsewhere && !completes && !backslashes; }
};

struct ImageFile {
  std::string directory;  ///< empty or with a trailing slash
  std::string name;
};

/// Directories, each listed once.
class Listings {
 public:
  explicit Listings(std::shared_ptr<const Files> files) : files_(std::move(files)) {}
  const Files& files() const { return *files_; }
  /// An empty listing where the folder cannot be read. `directory` is empty or ends with a slash.
  const Listing& of(const std::string& directory);
  /// The file `name` in the directory or, where there is none, the images that are `name` and an ending.
  std::vector<std::string> matches(const std::string& directory, const std::string& name);

 private:
  std::shared_ptr<const Files> files_;
  std::map<std::string, Listing> listings_;
};

/// What looking for the images of one column's sampled values gave.
struct FoundImages {
  ImagePlaces places;
  std::size_t hits = 0;   ///< values that are image files
  std::string ambiguity;  ///< a clause with the files that a value could mean; empty where it is clear
};

/// Looks for images from a manifest's folder outwards.
class ImageSearch {
 public:
  ImageSearch(std::shared_ptr<const Files> files, const std::string& manifest);

  /// Looks for the values as they are named, from the manifest's folder; lists no folder.
  FoundImages as_named(const std::vector<std::string>& values) const;

  /// How far from the manifest: its folder and those below, those beside its folder, and above.
  static constexpr int distances = 3;
  FoundImages at_distance(const std::vector<std::string>& values, int distance);

  /// The folders looked into so far, for a message.
  std::vector<std::string> looked_into() const;

 private:
  struct Candidate {
    std::string folder;
    int depth = 0;  // below the folder that the distance starts from
    int rank = 0;   // how much its name speaks for it, 0 most
  };
  const std::vector<Candidate>& candidates(int distance);
  int rank_of(const std::string& folder) const;

  std::string folder_;
  std::string stem_;
  std::vector<std::vector<Candidate>> candidates_;
  Listings listings_;
};

/// The file that a value names, when the places are known.
class ImageResolver {
 public:
  ImageResolver(std::shared_ptr<const Files> files, ImagePlaces places)
      : places_(std::move(places)), listings_(std::move(files)) {}
  /// The file, whether it exists or not. Throws Error (data) with a clause where the value means several.
  ImageFile resolve(const std::string& value);
  /// Whether a file of that name exists.
  bool exists(const std::string& value);

 private:
  ImagePlaces places_;
  Listings listings_;
};

}  // namespace lrfind::data
