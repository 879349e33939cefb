#include <data/archive/archive_files.hpp>
#include <data/dataset/archived.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/webdataset.hpp>
#include <lrfind/error.hpp>
#include <platform/parallel.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace lrfind::data {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::vector<ArchivePart> open_parts(const ArchiveNames& names, const std::shared_ptr<TemporaryFile>& unpacked,
                                    const FindOptions& options) {
  std::vector<ArchivePart> parts(names.archives.size());
  parallel_for(
      parts.size(), options.threads,
      [&](std::size_t i) {
        const std::string& path = names.archives[i].path;
        auto archive = open_archive(path, unpacked, options.stop);
        auto entries = archive->take_entries();
        if (entries.empty()) throw data_error("'" + path + "' is an empty archive");
        parts[i] = {path, {}, std::move(archive), std::move(entries)};
      },
      options.stop);
  return parts;
}

bool may_be_webdataset(const std::vector<ArchivePart>& parts) {
  return std::any_of(parts.begin(), parts.end(), [](const ArchivePart& part) {
    return std::any_of(part.entries.begin(), part.entries.end(),
                       [](const ArchiveEntry& entry) { return !entry.folder && is_label_name(entry.path); });
  });
}

// Each shard a folder of its own: shards may use the same names again.
std::optional<Dataset> as_webdataset(const ArchiveNames& names, std::vector<ArchivePart> parts, FindOptions options) {
  std::vector<Shard> shards;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].below = std::to_string(i) + "/";
    shards.push_back({names.root + "/" + parts[i].below, names.archives[i].role});
  }
  options.files = std::make_shared<const ArchiveFiles>(names.root, std::move(parts));
  const bool in_folder = files_on_disk()->is_folder(names.root);
  const std::string beside = in_folder ? names.root + "/" : folder_of(names.archives.front().path);
  try {
    auto dataset = find_webdataset(shards, LabelFiles::text_or_json, beside, options);
    if (dataset) {
      for (std::string& note : dataset->notes) note = options.files->told(note);
    }
    return dataset;
  } catch (const Error& error) {
    throw Error(error.kind(), options.files->told(error.what()));
  }
}

// All archives together as the folder that they were unpacked into.
Dataset as_folder(const ArchiveNames& names, std::vector<ArchivePart> parts, FindOptions options) {
  const auto is_val = [](const ArchiveName& name) { return name.role != SplitRole::train; };
  const bool split = std::any_of(names.archives.begin(), names.archives.end(), is_val);
  for (std::size_t i = 0; i < parts.size() && split; ++i) {
    constexpr std::array folders{"train/", "val/", "test/", "unlabelled/"};
    parts[i].below = folders[static_cast<std::size_t>(names.archives[i].role)];
  }
  options.files = std::make_shared<const ArchiveFiles>(names.root, std::move(parts));
  try {
    Dataset dataset = find_in_files(names.root + names.inside, options);
    for (std::string& note : dataset.notes) note = options.files->told(note);
    return dataset;
  } catch (const Error& error) {
    throw Error(error.kind(), options.files->told(error.what()));
  }
}

std::string kind_of(const std::vector<ArchivePart>& parts) { return parts.front().archive->kind(); }

}  // namespace

Dataset find_archived(const std::string& path, const ArchiveNames& names, const FindOptions& options) {
  const auto unpacked = std::make_shared<TemporaryFile>();
  std::vector<ArchivePart> parts = open_parts(names, unpacked, options);
  const std::string kind = kind_of(parts);
  std::optional<Dataset> dataset;
  if (parts.size() > 1 && may_be_webdataset(parts)) dataset = as_webdataset(names, parts, options);
  if (!dataset) dataset = as_folder(names, std::move(parts), options);
  dataset->format = kind + "/" + dataset->format;
  if (const std::uint64_t bytes = unpacked->bytes(); bytes != 0) {
    dataset->notes.push_back("'" + path + "' can be read from beginning to end only, so " +
                             std::to_string((bytes + (1U << 20U) - 1) >> 20U) +
                             " MiB were unpacked into a temporary file in '" + unpacked->folder() + "' (" +
                             std::to_string(TemporaryFile::most_bytes >> 30U) +
                             " GiB at most); .zip and .tar need none");
  }
  return std::move(*dataset);
}

}  // namespace lrfind::data
