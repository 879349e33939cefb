#include <data/archive/entry_names.hpp>
#include <data/archive/formats.hpp>
#include <data/archive/libarchive.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <platform/read_at.hpp>
#include "platform/interrupted.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace lrfind::data {
namespace {

constexpr std::uint64_t block = 512;  // of a tar

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  int get() const { return file_; }
  std::uint64_t bytes() const {
    struct stat status {};
    return ::fstat(file_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

 private:
  int file_;
};

std::string name_of_filter(int code) {
  switch (code) {
    case ARCHIVE_FILTER_NONE:
      return "tar";
    case ARCHIVE_FILTER_GZIP:
      return "tar.gz";
    case ARCHIVE_FILTER_BZIP2:
      return "tar.bz2";
    case ARCHIVE_FILTER_ZSTD:
      return "tar.zst";
    case ARCHIVE_FILTER_LZ4:
      return "tar.lz4";
    default:
      return "tar.xz";
  }
}

bool is_hidden(const std::string& path) { return path.starts_with('.') || path.find("/.") != std::string::npos; }

// One pass over a tar, from its beginning to its end.
class TarReader {
 public:
  TarReader(const std::string& path, int file, const std::stop_token& stop)
      : path_(path), stop_(stop), archive_(library_.read_new()) {
    if (archive_ == nullptr) throw std::bad_alloc();
    library_.support_format_tar(archive_);
    library_.support_filter_gzip(archive_);
    library_.support_filter_bzip2(archive_);
    library_.support_filter_xz(archive_);
    library_.support_filter_zstd(archive_);
    library_.support_filter_lz4(archive_);
    constexpr std::size_t piece = std::size_t{1} << 14U;  // headers lie far apart
    if (library_.open_fd(archive_, file, piece) != ARCHIVE_OK) {
      const std::string why = reason();
      library_.read_free(archive_);
      throw data_error("'" + path + "' holds no tar, or is cut off or damaged (" + why +
                       "): give a .zip, a .tar, a .tar.gz or the unpacked folder");
    }
  }
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader() { library_.read_free(archive_); }

  // An entry in the pass.
  struct Next {
    ArchiveEntry entry;
    std::uint64_t begin = 0;  // of its content in the tar
  };

  // False at the end.
  bool next(Next& result) {
    if (stop_.stop_requested()) throw Interrupted();
    archive_entry* entry = nullptr;
    const int status = library_.next_header(archive_, &entry);
    if (status == ARCHIVE_EOF) {
      require_end();
      return false;
    }
    // A warning is about a name that the locale has no letters for; its bytes are there all the same.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail();
    const char* name = library_.entry_pathname(entry);
    if (name == nullptr) throw data_error("'" + path_ + "' holds a file without a proper name");
    const auto type = library_.entry_filetype(entry);
    if (type == AE_IFLNK || library_.entry_hardlink(entry) != nullptr) refuse_link(path_, name);
    if (type != AE_IFREG && type != AE_IFDIR) {
      throw data_error("'" + path_ + "' holds " + quoted(name) +
                       ", which is neither a file nor a folder: pack the images anew without it");
    }
    if (library_.entry_sparse_count(entry) > 0) {
      throw data_error("'" + path_ + "' holds " + quoted(name) +
                       " as a sparse file, which is not supported: pack the images anew without --sparse");
    }
    result.entry = {.path = checked_entry_name(path_, name),
                    .folder = type == AE_IFDIR,
                    .bytes = type == AE_IFDIR ? 0 : static_cast<std::uint64_t>(library_.entry_size(entry))};
    result.begin = position();
    // What an entry's own header says and what the next one's place says are the same, or neither is to be believed.
    const auto header = static_cast<std::uint64_t>(library_.header_position(archive_));
    if (header != end_ || result.begin < header + block) fail_with("its headers contradict each other");
    end_ = result.begin + (result.entry.bytes + block - 1) / block * block;
    return true;
  }

  // Reads some of the entry's content; 0 at its end.
  std::size_t read(std::vector<char>& piece) {
    if (stop_.stop_requested()) throw Interrupted();
    const auto got = library_.read_data(archive_, piece.data(), piece.size());
    if (got < 0) fail();
    return static_cast<std::size_t>(got);
  }

  int filter() const { return library_.filter_code(archive_, 0); }

 private:
  std::uint64_t position() const { return static_cast<std::uint64_t>(library_.filter_bytes(archive_, 0)); }

  // Whoever cuts a tar between two files leaves no other trace.
  void require_end() const {
    if (position() < end_ + block) fail_with("its end is missing");
  }

  std::string reason() const {
    const char* why = library_.error_string(archive_);
    return why == nullptr ? "no reason is given" : why;
  }

  [[noreturn]] void fail() const { fail_with(reason()); }

  [[noreturn]] void fail_with(const std::string& clause) const {
    throw data_error("'" + path_ + "' is cut off or damaged (" + clause +
                     "): give an archive that unpacks, or the unpacked folder");
  }

  const LibArchive& library_ = libarchive();
  const std::string& path_;
  const std::stop_token& stop_;
  archive* archive_;
  std::uint64_t end_ = 0;  // of the entry before, with what fills its last block
};

std::string read_problem(std::size_t got, std::size_t wanted) {
  return got == wanted ? ""
                       : "is cut off: the archive has only " + std::to_string(got) + " of its " +
                             std::to_string(wanted) + " bytes";
}

class Tar : public Archive {
 public:
  Tar(const std::string& path, std::vector<ArchiveEntry> entries) : path_(path), entries_(std::move(entries)) {}

  std::vector<ArchiveEntry> take_entries() override { return std::move(entries_); }

  // Opened each time: a set has more shards than a program may have files open.
  std::string read(const ArchiveEntry& entry, std::vector<std::uint8_t>& buffer) const override {
    if (std::string problem = size_problem(entry.bytes); !problem.empty()) return problem;
    const Descriptor file(path_);
    if (file.get() < 0) return std::string("cannot be opened (") + std::strerror(errno) + ")";
    buffer.resize(static_cast<std::size_t>(entry.bytes));
    return read_problem(read_at(file.get(), entry.place, buffer.data(), buffer.size()), buffer.size());
  }

  std::string kind() const override { return "tar"; }

 private:
  std::string path_;
  std::vector<ArchiveEntry> entries_;
};

class UnpackedTar : public Archive {
 public:
  UnpackedTar(std::string kind, std::vector<ArchiveEntry> entries, std::shared_ptr<const TemporaryFile> unpacked)
      : kind_(std::move(kind)), entries_(std::move(entries)), unpacked_(std::move(unpacked)) {}

  std::vector<ArchiveEntry> take_entries() override { return std::move(entries_); }

  std::string read(const ArchiveEntry& entry, std::vector<std::uint8_t>& buffer) const override {
    if (std::string problem = size_problem(entry.bytes); !problem.empty()) return problem;
    buffer.resize(static_cast<std::size_t>(entry.bytes));
    return read_problem(unpacked_->read(entry.place, buffer.data(), buffer.size()), buffer.size());
  }

  std::string kind() const override { return kind_; }

 private:
  std::string kind_;
  std::vector<ArchiveEntry> entries_;
  std::shared_ptr<const TemporaryFile> unpacked_;
};

class Unpacker {
 public:
  Unpacker(const std::string& path, std::uint64_t packed, TemporaryFile& unpacked)
      : path_(path), what_("'" + path + "'"), packed_(packed), unpacked_(unpacked) {}

  void unpack(TarReader& tar, ArchiveEntry& entry) {
    const bool kept = !is_hidden(entry.path);
    made_ += entry.bytes;
    require_plausible(path_, made_, packed_);
    if (kept) entry.place = unpacked_.reserve(entry.bytes, what_);
    std::uint64_t done = 0;
    while (const std::size_t got = tar.read(piece_)) {
      if (kept) unpacked_.write(entry.place + done, piece_.data(), got, what_);
      done += got;
    }
  }

 private:
  const std::string& path_;
  std::string what_;
  std::uint64_t packed_;
  TemporaryFile& unpacked_;
  std::uint64_t made_ = 0;
  std::vector<char> piece_ = std::vector<char>(std::size_t{1} << 18U);
};

}  // namespace

std::unique_ptr<Archive> open_tar(const std::string& path, const std::shared_ptr<TemporaryFile>& unpacked,
                                  const std::stop_token& stop) {
  const Descriptor file(path);
  if (file.get() < 0) throw data_error("'" + path + "' cannot be opened (" + std::strerror(errno) + ")");
  TarReader tar(path, file.get(), stop);
  Unpacker unpacker(path, file.bytes(), *unpacked);
  std::vector<ArchiveEntry> entries;
  bool plain = true;
  for (TarReader::Next next; tar.next(next);) {
    plain = tar.filter() == ARCHIVE_FILTER_NONE;
    next.entry.place = next.begin;
    if (!plain && !next.entry.folder) unpacker.unpack(tar, next.entry);
    if (plain && next.begin + next.entry.bytes > file.bytes()) {
      throw data_error("'" + path + "' is cut off inside " + quoted(next.entry.path) +
                       ": give an archive that unpacks, or the unpacked folder");
    }
    if (!next.entry.path.empty()) entries.push_back(std::move(next.entry));
  }
  if (plain) return std::make_unique<Tar>(path, std::move(entries));
  return std::make_unique<UnpackedTar>(name_of_filter(tar.filter()), std::move(entries), unpacked);
}

}  // namespace lrfind::data
