// The parts of find_dataset, one per format.
#pragma once

#include <data/dataset/dataset.hpp>
#include <data/dataset/folder_scan.hpp>
#include <lrfind/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lrfind::data {

/// What `path` is, a folder or a manifest, among options.files; neither held out nor limited.
Dataset find_in_files(const std::string& path, const FindOptions& options);

/// Class folders, with or without train/ and val/ above them. `listing` is the folder's.
Dataset find_folders(const std::string& path, Listing listing, const FindOptions& options);

/// IDX files in a folder; nothing when there are none. `listing` is the folder's.
std::optional<Dataset> find_idx(const std::string& path, const Listing& listing, const FindOptions& options);

/// IDX files in the one folder below that has any, as torchvision leaves them ("MNIST/raw"); nothing when there are
/// none. Throws Error (data) when there are several such folders.
std::optional<Dataset> find_idx_below(const std::string& path, const Listing& listing, const FindOptions& options);

/// A file that lists images and their labels (CSV, TSV, JSON lines).
Dataset find_manifest(const std::string& path, const FindOptions& options);

/// A folder with Hugging Face's metadata.csv or metadata.jsonl, in itself or in its train/ and validation/; nothing
/// when it has none that names images, or when that names no classes while the folder's class folders do.
std::optional<Dataset> find_metadata(const std::string& path, const Listing& listing, const FindOptions& options);

/// Every entry of a source, in order.
Samples all_samples(std::shared_ptr<const Source> source);

/// Moves a fraction of every class from train to val, at least one image of a class that has two or more.
/// Drawn from the seed and the class alone.
void hold_out_validation(Dataset& dataset, double fraction, std::uint64_t seed);

/// Keeps at most `limit` training images with every class's share kept, at least one each where the limit allows.
void limit_training(Dataset& dataset, std::size_t limit, std::uint64_t seed);

/// "'a', 'b', 'c' and 4 more"
std::string quoted_list(const std::vector<std::string>& names, std::size_t most = 5);

}  // namespace lrfind::data
