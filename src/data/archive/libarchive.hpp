// libarchive, opened when the first tar is read: with libxml2 and ICU it brings ten libraries along, 40 MB of address
// space that runs over folders do without (tests/command/libraries_test.py looks).
#pragma once

#include <archive.h>
#include <archive_entry.h>

namespace lrfind::data {

/// Its functions, by the names that its own headers give them.
struct LibArchive {
  decltype(&::archive_read_new) read_new = nullptr;
  decltype(&::archive_read_free) read_free = nullptr;
  decltype(&::archive_read_support_format_tar) support_format_tar = nullptr;
  decltype(&::archive_read_support_filter_gzip) support_filter_gzip = nullptr;
  decltype(&::archive_read_support_filter_bzip2) support_filter_bzip2 = nullptr;
  decltype(&::archive_read_support_filter_xz) support_filter_xz = nullptr;
  decltype(&::archive_read_support_filter_zstd) support_filter_zstd = nullptr;
  decltype(&::archive_read_support_filter_lz4) support_filter_lz4 = nullptr;
  decltype(&::archive_read_set_options) set_options = nullptr;
  decltype(&::archive_read_open_fd) open_fd = nullptr;
  decltype(&::archive_read_next_header) next_header = nullptr;
  decltype(&::archive_read_header_position) header_position = nullptr;
  decltype(&::archive_read_data) read_data = nullptr;
  decltype(&::archive_filter_bytes) filter_bytes = nullptr;
  decltype(&::archive_filter_code) filter_code = nullptr;
  decltype(&::archive_error_string) error_string = nullptr;
  decltype(&::archive_entry_pathname) entry_pathname = nullptr;
  decltype(&::archive_entry_hardlink) entry_hardlink = nullptr;
  decltype(&::archive_entry_filetype) entry_filetype = nullptr;
  decltype(&::archive_entry_size) entry_size = nullptr;
  decltype(&::archive_entry_sparse_count) entry_sparse_count = nullptr;
};

/// Throws Error (data) where it cannot be loaded.
const LibArchive& libarchive();

}  // namespace lrfind::data
