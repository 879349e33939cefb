// WebDataset (github.com/webdataset/webdataset): files whose names are one up to the first dot are one sample, such as
// 000012.jpg and 000012.cls.
#pragma once

#include <data/dataset/dataset.hpp>
#include <data/dataset/split_names.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lrfind::data {

/// A shard: a folder of samples at any depth, with a trailing slash.
struct Shard {
  std::string folder;
  SplitRole role = SplitRole::train;
};

/// JSON beside images may be about anything. `text`: .cls and the like, and beside every training image.
enum class LabelFiles { text, text_or_json };

/// Whether a file's name could be the class of a sample (.cls, .json, ...).
bool is_label_name(std::string_view name);

/// Samples in the order that class folders would have: by class, then by path; shard after shard where shards use the
/// same paths again. `beside`: a folder on disk that may hold the classes' names (classes.txt, classes.json) where no
/// shard does, or empty. Nothing where no image has a class beside it. Throws Error (data) where some have none.
std::optional<Dataset> find_webdataset(const std::vector<Shard>& shards, LabelFiles labels, const std::string& beside,
                                       const FindOptions& options);

}  // namespace lrfind::data
