#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>

#include <data/dataset/indexing.hpp>
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

std::string Samples::path(std::size_t i) const {
  const std::uint32_t entry = (*entries_)[i];
  if (!source_->pixel_file.empty()) return source_->pixel_file + "#" + std::to_string(entry);
  const std::uint64_t begin = source_->name_begin[entry];
  const std::string& directory = source_->directories[source_->directory[entry]];
  const std::uint64_t length = source_->name_begin[entry + std::size_t{1}] - begin;
  std::string path;
  path.reserve(directory.size() + static_cast<std::size_t>(length));
  path += directory;
  return path.append(source_->names, static_cast<std::size_t>(begin), static_cast<std::size_t>(length));
}

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

Dataset find_dataset(const std::string& path, const FindOptions& user_options) {
  FindOptions options = user_options;
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    const bool missing = !error || error == std::errc::no_such_file_or_directory;
    throw data_error("'" + path + "' " +
                     (missing ? "does not exist" : "cannot be looked at (" + error.message() + ")") +
                     ": give a folder with one subfolder per class, IDX files or a CSV manifest" + did_you_mean_path(path));
  }
  Dataset dataset;
  if (std::filesystem::is_directory(status)) {
    const std::string folder = path.ends_with('/') ? path : path + "/";
    Listing listing = list_folder(folder);
    auto found = find_idx(path, listing, options);
    if (!found) found = find_metadata(path, listing, options);
    if (!found && !holds_pictures(folder, {})) found = find_idx_below(path, listing, options);
    dataset = found ? std::move(*found) : find_folders(path, std::move(listing), options);
  } else {
    dataset = find_manifest(path, options);
  }
  dataset.path = path;
  if (dataset.val.empty() && options.val_split > 0) {
    hold_out_validation(dataset, options.val_split, options.seed);
    if (!dataset.val.empty()) dataset.val_origin = "split";
  }
  if (options.limit != 0) limit_training(dataset, options.limit, options.seed);
  return dataset;
}

}  // namespace lrfind::data
