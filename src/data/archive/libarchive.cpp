#include <data/archive/libarchive.hpp>
#include <lrfind/error.hpp>

#include <dlfcn.h>

#include <string>

namespace lrfind::data {
namespace {

#ifdef LRFIND_LIBARCHIVE

void* open_library() {
  if (void* library = dlopen(LRFIND_LIBARCHIVE, RTLD_NOW | RTLD_LOCAL); library != nullptr) return library;
  const char* why = dlerror();
  throw data_error("a tar is read by libarchive, which cannot be loaded (" + std::string(why == nullptr ? "" : why) +
                   "): install it (libarchive13 in Debian), or unpack the archive and give the folder");
}

template <typename Function>
void take(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw data_error(std::string(LRFIND_LIBARCHIVE) + " has no function " + name);
}

#define LRFIND_TAKE(member, name) take(library, all.member, #name)

#else  // it is part of the program

void* open_library() { return nullptr; }

#define LRFIND_TAKE(member, name) (all.member = &::name)

#endif

LibArchive load() {
  LibArchive all;
  [[maybe_unused]] void* library = open_library();
  LRFIND_TAKE(read_new, archive_read_new);
  LRFIND_TAKE(read_free, archive_read_free);
  LRFIND_TAKE(support_format_tar, archive_read_support_format_tar);
  LRFIND_TAKE(support_filter_gzip, archive_read_support_filter_gzip);
  LRFIND_TAKE(support_filter_bzip2, archive_read_support_filter_bzip2);
  LRFIND_TAKE(support_filter_xz, archive_read_support_filter_xz);
  LRFIND_TAKE(support_filter_zstd, archive_read_support_filter_zstd);
  LRFIND_TAKE(support_filter_lz4, archive_read_support_filter_lz4);
  LRFIND_TAKE(set_options, archive_read_set_options);
  LRFIND_TAKE(open_fd, archive_read_open_fd);
  LRFIND_TAKE(next_header, archive_read_next_header);
  LRFIND_TAKE(header_position, archive_read_header_position);
  LRFIND_TAKE(read_data, archive_read_data);
  LRFIND_TAKE(filter_bytes, archive_filter_bytes);
  LRFIND_TAKE(filter_code, archive_filter_code);
  LRFIND_TAKE(error_string, archive_error_string);
  LRFIND_TAKE(entry_pathname, archive_entry_pathname);
  LRFIND_TAKE(entry_hardlink, archive_entry_hardlink);
  LRFIND_TAKE(entry_filetype, archive_entry_filetype);
  LRFIND_TAKE(entry_size, archive_entry_size);
  LRFIND_TAKE(entry_sparse_count, archive_entry_sparse_count);
  return all;
}

#undef LRFIND_TAKE

}  // namespace

const LibArchive& libarchive() {
  static const LibArchive functions = load();
  return functions;
}

}  // namespace lrfind::data
