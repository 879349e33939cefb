// Archives for the tests, written by libarchive.
#pragma once

#include "data/files.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <string>
#include <vector>

namespace lrfind::data::test {

struct Entry {
  std::string name;
  FileBytes bytes;
  std::string link = {};  ///< a symbolic link that leads there
};

enum class Packing { stored_zip, zip, tar, tar_gz, tar_bz2, tar_xz, tar_zst };

inline std::string ending_of(Packing packing) {
  constexpr std::array endings{".zip", ".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"};
  return endings[static_cast<std::size_t>(packing)];
}

inline void write_archive(const std::string& path, Packing packing, const std::vector<Entry>& entries) {
  archive* out = archive_write_new();
  const bool zip = packing == Packing::zip || packing == Packing::stored_zip;
  zip ? archive_write_set_format_zip(out) : archive_write_set_format_gnutar(out);
  if (packing == Packing::stored_zip) archive_write_zip_set_compression_store(out);
  if (packing == Packing::tar_gz) archive_write_add_filter_gzip(out);
  if (packing == Packing::tar_bz2) archive_write_add_filter_bzip2(out);
  if (packing == Packing::tar_xz) archive_write_add_filter_xz(out);
  if (packing == Packing::tar_zst) archive_write_add_filter_zstd(out);
  ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  for (const Entry& entry : entries) {
    archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.name.c_str());
    archive_entry_set_filetype(header, entry.link.empty() ? AE_IFREG : AE_IFLNK);
    archive_entry_set_perm(header, 0644);
    archive_entry_set_size(header, static_cast<la_int64_t>(entry.bytes.size()));
    if (!entry.link.empty()) archive_entry_set_symlink(header, entry.link.c_str());
    ASSERT_EQ(archive_write_header(out, header), ARCHIVE_OK) << archive_error_string(out);
    archive_write_data(out, entry.bytes.data(), entry.bytes.size());
    archive_entry_free(header);
  }
  ASSERT_EQ(archive_write_close(out), ARCHIVE_OK);
  archive_write_free(out);
}

/// The files below a folder, by paths that begin there.
inline std::vector<Entry> entries_of(const std::string& folder) {
  std::vector<Entry> entries;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    entries.push_back({std::filesystem::relative(file.path(), folder).string(),
                       FileBytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>())});
  }
  return entries;
}

}  // namespace lrfind::data::test
