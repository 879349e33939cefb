#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>

#include <data/archive/archive.hpp>
#include <data/dataset/archived.hpp>
#include <data/dataset/folder_scan.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/parquet.hpp>
#include <data/dataset/table.hpp>
#include <data/dataset/webdataset.hpp>
#include "platform/did_you_mean.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <thread>

namespace lrfind::data {

void Source::add(std::string_view name, std::uint32_t directory_number, int label) {
  names += name;
  name_begin.push_back(names.size());
  directory.push_back(directory_number);
  labels.push_back(label);
}

Samples::Samples(std::shared_ptr<const Source> source, std::vector<std::uint32_t> entries)
    : source_(std::move(source)), entries_(std::make_shared<const std::vector<std::uint32_t>>(std::move(entries))) {}

std::string Samples::path_in_files(std::size_t i) const {
  const std::uint32_t entry = (*entries_)[i];
  const std::uint64_t begin = source_->name_begin[entry];
  const std::string& directory = source_->directories[source_->directory[entry]];
  const std::uint64_t length = source_->name_begin[entry + std::size_t{1}] - begin;
  std::string path;
  path.reserve(directory.size() + static_cast<std::size_t>(length));
  path += directory;
  return path.append(source_->names, static_cast<std::size_t>(begin), static_cast<std::size_t>(length));
}

std::string Samples::path(std::size_t i) const {
  const bool in_memory = !source_->pixel_file.empty();
  return source_->files->told(in_memory ? source_->pixel_file + "#" + std::to_string((*entries_)[i])
                                        : path_in_files(i));
}

std::string Samples::read(std::size_t i, std::vector<std::uint8_t>& buffer) const {
  return source_->files->read(path_in_files(i), buffer);
}

std::uint64_t Samples::file_bytes(std::size_t i) const { return source_->files->bytes(path_in_files(i)); }

const std::uint8_t* Samples::pixels(std::size_t i) const {
  return source_->pixels.empty() ? nullptr : source_->pixels.data() + (*entries_)[i] * source_->shape.bytes();
}

std::span<const std::uint32_t> Samples::entries() const {
  return entries_ ? std::span<const std::uint32_t>(*entries_) : std::span<const std::uint32_t>();
}

std::vector<std::size_t> Samples::count_by_class(std::size_t classes) const {
  std::vector<std::size_t> counts(classes);
  for (std::size_t i = 0; i < size(); ++i) ++counts[static_cast<std::size_t>(label(i))];
  return counts;
}

Samples all_samples(std::shared_ptr<const Source> source) {
  std::vector<std::uint32_t> entries(source->size());
  std::iota(entries.begin(), entries.end(), 0U);
  return {std::move(source), std::move(entries)};
}

std::string quoted_list(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  const std::size_t shown = names.size() <= most + 1 ? names.size() : most;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) text += i + 1 == names.size() ? " and " : ", ";
    text += "'" + names[i] + "'";
  }
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

namespace {

constexpr std::string_view what_is_read =
    "give a folder with one subfolder per class, IDX files, a CSV manifest or an archive of these";

[[noreturn]] void fail_without_data(const std::string& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  const bool missing =
      (!exists && !error) || error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
  throw data_error("'" + path + "' " + (missing ? "does not exist" : "cannot be looked at (" + error.message() + ")") +
                   ": " + std::string(what_is_read) + (missing ? did_you_mean_path(path) : ""));
}

// The one manifest of a folder that leads to images; nothing where there is none.
std::optional<Dataset> find_listed(const std::string& folder, const Listing& listing, const FindOptions& options) {
  constexpr std::size_t most = 20;
  std::optional<Dataset> found;
  std::vector<std::string> names;
  for (std::size_t i = 0, tried = 0; i < listing.others.size() && tried < most; ++i) {
    if (!is_table_name(listing.others[i])) continue;
    ++tried;
    try {
      Dataset dataset = find_manifest(folder + listing.others[i], options);
      names.push_back(listing.others[i]);
      found = std::move(dataset);
    } catch (const Error&) {
      // Its own words would be about a file that nobody named.
    }
  }
  if (names.size() > 1) {
    throw data_error("'" + folder + "' holds several manifests, " + quoted_list(names) + ": give one of them");
  }
  if (found) found->notes.insert(found->notes.begin(), "the manifest '" + folder + names.front() + "' is used");
  return found;
}

// What is tried where no class folders are found: samples beside their classes, a manifest; looked for also below
// folders that hold nothing else.
std::optional<Dataset> find_without_classes(std::string folder, Listing listing, const FindOptions& options) {
  constexpr int deepest = 8;
  for (int depth = 0;
       depth < deepest && listing.images.empty() && listing.others.empty() && listing.folders.size() == 1; ++depth) {
    folder += listing.folders.front() + "/";
    listing = list_folder(*options.files, folder);
  }
  if (auto samples = find_webdataset({{folder}}, LabelFiles::text_or_json, {}, options)) return samples;
  return find_listed(folder, listing, options);
}

// Archives in place of the images that were to be found.
void refuse_archives_within(const std::string& path, const Listing& listing) {
  std::vector<std::string> archives;
  std::copy_if(listing.others.begin(), listing.others.end(), std::back_inserter(archives), is_archive_name);
  if (archives.empty()) return;
  throw data_error("'" + path + "' holds no images but archives, " + quoted_list(archives) +
                   ": give one of them alone, unpacked where it is inside another");
}

Dataset find_in_folder(const std::string& path, const FindOptions& options) {
  const std::string folder = path.ends_with('/') ? path : path + "/";
  Listing listing = list_folder(*options.files, folder);
  if (auto found = find_idx(path, listing, options)) return std::move(*found);
  if (auto found = find_metadata(path, listing, options)) return std::move(*found);
  const bool pictures = holds_pictures(*options.files, folder, {});
  if (!pictures) {
    if (auto found = find_idx_below(path, listing, options)) return std::move(*found);
  }
  try {
    Dataset dataset = find_folders(path, listing, options);
    // A class beside each image says more than the folder that it lies in.
    if (dataset.ignored_files >= dataset.train.size() + dataset.val.size()) {
      if (auto samples = find_webdataset({{folder}}, LabelFiles::text, {}, options)) return std::move(*samples);
    }
    return dataset;
  } catch (const Error&) {
    if (!pictures) {
      refuse_parquet(*options.files, path);
      refuse_archives_within(path, listing);
    }
    if (auto found = find_without_classes(folder, std::move(listing), options)) return std::move(*found);
    throw;
  }
}

std::optional<ArchiveNames> archives_of(const std::string& path) {
  if (auto names = archives_named(path)) return names;
  if (!files_on_disk()->is_folder(path)) return std::nullopt;
  const std::string folder = path.ends_with('/') ? path : path + "/";
  return shards_in_folder(folder, list_folder(*files_on_disk(), folder));
}

}  // namespace

Dataset find_in_files(const std::string& path, const FindOptions& options) {
  const Files::Kind kind = options.files->kind(path);
  if (kind == Files::Kind::none) fail_without_data(path);
  if (kind == Files::Kind::folder) return find_in_folder(path, options);
  refuse_parquet(*options.files, path);
  return find_manifest(path, options);
}

Dataset find_dataset(const std::string& path, const FindOptions& user_options) {
  FindOptions options = user_options;
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  const auto archives = archives_of(path);
  Dataset dataset = archives ? find_archived(path, *archives, options) : find_in_files(path, options);
  dataset.path = path;
  if (dataset.val.empty() && options.val_split > 0) {
    hold_out_validation(dataset, options.val_split, options.seed);
    if (!dataset.val.empty()) dataset.val_origin = "split";
  }
  if (options.limit != 0) limit_training(dataset, options.limit, options.seed);
  return dataset;
}

}  // namespace lrfind::data
