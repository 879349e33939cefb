// Which columns of a manifest hold the images' files, their classes and their split, found by looking at what they
// hold.
#pragma once

#include <data/dataset/image_places.hpp>
#include <data/dataset/split_names.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <stop_token>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::data {

/// The files are found, but no column says their classes.
struct NoClasses : Error {
  explicit NoClasses(const std::string& message) : Error(ErrorKind::data, message) {}
};

/// No column names files that exist.
struct NoImages : Error {
  explicit NoImages(const std::string& message) : Error(ErrorKind::data, message) {}
};

struct SplitColumn {
  enum class Kind { words, is_val, is_test, is_train };
  std::size_t column = 0;
  Kind kind = Kind::words;

  /// Nothing where the value is not understood.
  std::optional<SplitRole> role_of(const std::string& value) const;
};

struct ManifestColumns {
  std::size_t first_row = 0;  ///< 1 where row 0 is a header
  std::vector<std::string> names;
  std::size_t path = 0;
  ImagePlaces places;
  std::size_t label = 0;             ///< where one_hot is empty
  std::vector<std::size_t> one_hot;  ///< a column for each class, 1 where an image is of it
  std::optional<SplitColumn> split;
  /// The form `path,label[,split]`, which needs no explanation.
  bool plain = false;

  /// "column 'id'", or "column 2" where it has no name.
  std::string name(std::size_t column) const;
  /// One clause that says which columns were taken and which were not. `example`: the first training image.
  std::string description(const std::string& example) const;
};

/// Throws NoImages, NoClasses, or Error (data) where several columns could be meant: with the candidates and the first
/// rows as they were understood.
ManifestColumns find_columns(const Table& table, const std::stop_token& stop = {});

}  // namespace lrfind::data
