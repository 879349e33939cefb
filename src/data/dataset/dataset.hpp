// Finds the images of a dataset and their labels from names alone: no image is opened, no file is looked at beyond
// its directory entry.
#pragma once

#include <data/dataset/files.hpp>
#include <data/image/image.hpp>
#include <data/unreadable.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

/// Where images come from: files by name, or pixels in memory (IDX). Compact: a million files cost their names and
/// 16 bytes each. Never changed once it is built.
struct Source {
  std::shared_ptr<const Files> files = files_on_disk();

  // Files: entry i is directories[directory[i]] + names[name_begin[i] .. name_begin[i + 1]).
  std::vector<std::string> directories;  ///< each empty or with a trailing slash
  std::string names;
  std::vector<std::uint64_t> name_begin{0};
  std::vector<std::uint32_t> directory;

  // Pixels: image i is pixels[i * shape.bytes() ...].
  std::string pixel_file;
  ImageShape shape;
  std::vector<std::uint8_t> pixels;

  std::vector<std::int32_t> labels;

  std::size_t size() const { return labels.size(); }
  void add(std::string_view name, std::uint32_t directory_number, int label);
};

/// The images of one split. A light handle: copies share what they refer to.
class Samples {
 public:
  Samples() = default;
  Samples(std::shared_ptr<const Source> source, std::vector<std::uint32_t> entries);

  std::size_t size() const { return entries_ ? entries_->size() : 0; }
  bool empty() const { return size() == 0; }
  int label(std::size_t i) const { return source_->labels[(*entries_)[i]]; }
  /// As it is told. For an image inside an IDX file: the file's path, '#' and the image's number from 0.
  std::string path(std::size_t i) const;
  /// Reads the file of an image. Returns the error as one clause, empty when it was read.
  std::string read(std::size_t i, std::vector<std::uint8_t>& buffer) const;
  /// Of that file; 0 where there is none.
  std::uint64_t file_bytes(std::size_t i) const;
  /// Pixels that are in memory already (IDX), of shape pixel_shape(); nullptr for files.
  const std::uint8_t* pixels(std::size_t i) const;
  const ImageShape& pixel_shape() const { return source_->shape; }
  const std::shared_ptr<const Source>& source() const { return source_; }
  std::span<const std::uint32_t> entries() const;
  /// How many images each class has.
  std::vector<std::size_t> count_by_class(std::size_t classes) const;

 private:
  std::string path_in_files(std::size_t i) const;

  std::shared_ptr<const Source> source_;
  std::shared_ptr<const std::vector<std::uint32_t>> entries_;
};

enum class Split { train, val };

struct Dataset {
  std::string path;
  std::string format;                ///< "folders", "folders-split", "idx", "csv", "jsonl" or "metadata"
  std::vector<std::string> classes;  ///< label i is classes[i]; sorted byte-wise (IDX: by number)
  Samples train;
  Samples val;
  std::string val_origin;            ///< where val came from: a folder's or file's name, "split", or "" for none
  std::optional<ImageShape> native;  ///< the images' own shape where all have the same (IDX)
  std::size_t ignored_files = 0;     ///< files that are no images
  std::size_t hidden = 0;            ///< files and folders whose name starts with a dot
  std::vector<std::string> notes;    ///< sentences worth telling: class folders without images, ...

  const Samples& samples(Split split) const { return split == Split::train ? train : val; }
};

struct FindOptions {
  double val_split = 0.1;  ///< fraction held out, by class, when the data brings no validation images; in [0, 1)
  std::size_t limit = 0;   ///< at most this many training images, by class; 0: all
  std::uint64_t seed = 0;
  unsigned threads = 0;  ///< 0: one per core
  std::stop_token stop;
  std::shared_ptr<const Files> files = files_on_disk();  ///< where paths lead
};

/// Looks at what `path` is and indexes it. The result depends on names and seed only, never on the order in which the
/// file system lists entries or on the number of threads.
/// Throws Error (data) when it cannot be used, Interrupted when its stop token says so.
Dataset find_dataset(const std::string& path, const FindOptions& options = {});

}  // namespace lrfind::data
