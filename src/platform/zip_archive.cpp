#include "platform/zip_archive.hpp"

#include "platform/read_at.hpp"

#include <zlib.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace lrfind::platform {

namespace {

using namespace std::string_view_literals;

constexpr auto end_signature = "PK\5\6"sv, end64_signature = "PK\6\6"sv, locator_signature = "PK\6\7"sv,
               entry_signature = "PK\1\2"sv, local_signature = "PK\3\4"sv;
constexpr std::uint64_t end_bytes = 22, end64_bytes = 56, locator_bytes = 20, entry_bytes = 46, local_bytes = 30;
constexpr std::uint64_t in_zip64 = 0xFFFFFFFFU;

struct Damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct NoArchive {};

// Little-endian; what lies beyond the end reads as zero.
std::uint64_t number(std::string_view text, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count && at + i < text.size(); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
  }
  return value;
}

// Sizes and places that do not fit 32 bits, in the order of the table; APPNOTE 4.5.3.
void read_zip64(std::string_view extra, std::uint64_t& unpacked, std::uint64_t& packed, std::uint64_t& header) {
  while (extra.size() >= 4) {
    const auto length = static_cast<std::size_t>(number(extra, 2, 2));
    if (number(extra, 0, 2) == 1) {
      std::size_t at = 4;
      for (std::uint64_t* value : {&unpacked, &packed, &header}) {
        if (*value != in_zip64) continue;
        *value = number(extra, at, 8);
        at += 8;
      }
      return;
    }
    extra.remove_prefix(std::min(extra.size(), 4 + length));
  }
}

// Info-ZIP's Unicode path: a version of 1, the checksum of the name that it stands for, the name in UTF-8; 4.6.9.
std::string unicode_name(std::string_view extra, std::string_view name) {
  constexpr std::uint64_t unicode_path = 0x7075;
  while (extra.size() >= 4) {
    const std::size_t length = std::min(extra.size() - 4, static_cast<std::size_t>(number(extra, 2, 2)));
    const auto* bytes = reinterpret_cast<const Bytef*>(name.data());
    if (number(extra, 0, 2) == unicode_path && length > 5 && number(extra, 4, 1) == 1 &&
        number(extra, 5, 4) == ::crc32(0, bytes, static_cast<uInt>(name.size()))) {
      return std::string(extra.substr(9, length - 5));
    }
    extra.remove_prefix(4 + length);
  }
  return {};
}

}  // namespace

struct ZipArchive::Directory {
  std::uint64_t begin = 0, bytes = 0, entries = 0;
};

ZipArchive::ZipArchive(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  try {
    read();
  } catch (const NoArchive&) {
    problem_ = Problem::no_archive;
  } catch (const Damaged& damage) {
    problem_ = Problem::damaged;
    reason_ = damage.what();
  }
  if (problem_ != Problem::none) entries_.clear();
}

ZipArchive::~ZipArchive() {
  if (file_ >= 0) ::close(file_);
}

void ZipArchive::read() {
  struct stat status {};
  if (file_ < 0 || ::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) throw NoArchive();
  size_ = static_cast<std::uint64_t>(status.st_size);
  read_entries(find_directory());
}

// As many bytes as there are.
std::string ZipArchive::bytes(std::uint64_t at, std::uint64_t count) const {
  if (at >= size_) return {};
  std::string text(static_cast<std::size_t>(std::min(count, size_ - at)), '\0');
  text.resize(read_at(at, text.data(), text.size()));
  return text;
}

std::size_t ZipArchive::read_at(std::uint64_t at, void* to, std::size_t count) const {
  return lrfind::read_at(file_, at, to, count);
}

ZipArchive::Directory ZipArchive::find_directory() const {
  constexpr std::uint64_t longest_comment = 65535;
  const std::uint64_t begin = size_ - std::min(size_, end_bytes + longest_comment);
  const std::string tail = bytes(begin, size_ - begin);
  const std::size_t found = tail.rfind(end_signature);
  if (found == std::string::npos) {
    if (bytes(0, 4) == local_signature) throw Damaged("is cut off: the archive's table of contents is missing");
    throw NoArchive();
  }
  const std::string_view end = std::string_view(tail).substr(found);
  // Another reader might take another signature for the end.
  if (end.size() < end_bytes || end.size() != end_bytes + number(end, 20, 2)) {
    throw Damaged("is damaged: something follows the archive's end");
  }
  Directory directory{number(end, 16, 4), number(end, 12, 4), number(end, 10, 2)};
  const bool large = directory.begin == in_zip64 || directory.bytes == in_zip64 || directory.entries == 0xFFFF;
  const std::uint64_t end_at = begin + found;
  const std::string locator = end_at < locator_bytes ? "" : bytes(end_at - locator_bytes, locator_bytes);
  if (std::string_view(locator).starts_with(locator_signature)) {
    const std::string end64 = bytes(number(locator, 8, 8), end64_bytes);
    if (!std::string_view(end64).starts_with(end64_signature))
      throw Damaged("is damaged: the archive's end lies nowhere");
    directory = {number(end64, 48, 8), number(end64, 40, 8), number(end64, 32, 8)};
  } else if (large) {
    throw Damaged("is damaged: the archive's end is missing");
  }
  if (directory.begin > end_at || directory.bytes > end_at - directory.begin ||
      directory.entries > directory.bytes / entry_bytes) {
    throw Damaged("is damaged: the archive's table of contents lies outside the file");
  }
  return directory;
}

void ZipArchive::read_entries(const Directory& directory) {
  const std::string table = bytes(directory.begin, directory.bytes);
  std::string_view rest = table;
  std::vector<std::uint64_t> headers;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (rest.size() < entry_bytes || !rest.starts_with(entry_signature)) {
      throw Damaged("is damaged: the archive's table of contents ends early");
    }
    const auto name = static_cast<std::size_t>(number(rest, 28, 2));
    const auto extra = static_cast<std::size_t>(number(rest, 30, 2));
    const auto comment = static_cast<std::size_t>(number(rest, 32, 2));
    if (rest.size() < entry_bytes + name + extra + comment) {
      throw Damaged("is damaged: the archive's table of contents ends early");
    }
    constexpr std::uint64_t encrypted = 1;
    if ((number(rest, 8, 2) & encrypted) != 0) throw Damaged("is encrypted, which is not supported");
    const std::uint64_t method = number(rest, 10, 2);
    if (method != 0 && method != 8) {
      throw Damaged("is packed by method " + std::to_string(method) + ", which is not supported");
    }
    ZipEntry entry{.name = std::string(rest.substr(entry_bytes, name)),
                   .packed = number(rest, 20, 4),
                   .unpacked = number(rest, 24, 4),
                   .deflated = method == 8,
                   .checksum = static_cast<std::uint32_t>(number(rest, 16, 4))};
    // The upper byte of "version made by" is the system, whose attributes follow; 4.4.2 and 4.4.15.
    const std::uint64_t system = number(rest, 5, 1);
    constexpr std::uint64_t dos = 0, unix = 3, kind_of_file = 0170000, is_link = 0120000;
    entry.from_dos = system == dos;
    entry.link = system == unix && (number(rest, 40, 2) & kind_of_file) == is_link;
    entry.unicode_name = unicode_name(rest.substr(entry_bytes + name, extra), entry.name);
    std::uint64_t header = number(rest, 42, 4);
    read_zip64(rest.substr(entry_bytes + name, extra), entry.unpacked, entry.packed, header);
    if (!entry.deflated && entry.packed != entry.unpacked) throw Damaged("is damaged: an entry has two sizes");
    if (header > size_ || entry.packed > size_ - header) throw Damaged("is cut off: an entry lies outside the file");
    entries_.push_back(std::move(entry));
    headers.push_back(header);
    rest.remove_prefix(entry_bytes + name + extra + comment);
  }
  place_contents(std::move(headers));
}

// Behind their own headers, whose lengths may differ from the table's. No byte may belong to two.
void ZipArchive::place_contents(std::vector<std::uint64_t> headers) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::string local = bytes(headers[i], local_bytes);
    if (local.size() < local_bytes || !std::string_view(local).starts_with(local_signature)) {
      throw Damaged("is damaged: an entry has no header");
    }
    ZipEntry& entry = entries_[i];
    entry.begin = headers[i] + local_bytes + number(local, 26, 2) + number(local, 28, 2);
    if (entry.begin > size_ || entry.packed > size_ - entry.begin) {
      throw Damaged("is cut off: an entry lies outside the file");
    }
    parts.emplace_back(headers[i], entry.begin + entry.packed);
  }
  std::sort(parts.begin(), parts.end());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].first < parts[i - 1].second) throw Damaged("is damaged: the archive's entries overlap");
  }
}

std::uint64_t ZipArchive::unpacked_bytes() const {
  std::uint64_t sum = 0;
  for (const ZipEntry& entry : entries_) sum += std::min(entry.unpacked, ~std::uint64_t{0} - sum);
  return sum;
}

template <typename Buffer>
void ZipArchive::read_into(const ZipEntry& entry, Buffer& buffer) const {
  thread_local std::string packed;  // keeps its capacity from entry to entry, unless that is unusual
  if (packed.capacity() > std::size_t{1} << 25U) packed = {};
  buffer.resize(static_cast<std::size_t>(entry.unpacked));
  if (entry.deflated) packed.resize(static_cast<std::size_t>(entry.packed));
  void* to = entry.deflated ? static_cast<void*>(packed.data()) : static_cast<void*>(buffer.data());
  if (read_at(entry.begin, to, static_cast<std::size_t>(entry.packed)) != entry.packed) {
    throw std::runtime_error("is cut off: an entry lies outside the file");
  }
  if (!entry.deflated || buffer.empty()) return;
  z_stream stream{};
  constexpr int without_header = -MAX_WBITS;
  if (inflateInit2(&stream, without_header) != Z_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
  stream.avail_out = static_cast<uInt>(buffer.size());
  const int status = inflate(&stream, Z_FINISH);
  const auto made = static_cast<std::uint64_t>(stream.total_out);
  inflateEnd(&stream);
  if (status != Z_STREAM_END || made != entry.unpacked)
    throw std::runtime_error("is damaged: an entry cannot be unpacked");
}

std::string ZipArchive::content(const ZipEntry& entry) const {
  std::string text;
  read_into(entry, text);
  return text;
}

void ZipArchive::read(const ZipEntry& entry, std::vector<std::uint8_t>& buffer) const { read_into(entry, buffer); }

}  // namespace lrfind::platform
