#include <data/archive/archive.hpp>
#include <data/archive/formats.hpp>
#include <lrfind/error.hpp>
#include <platform/read_at.hpp>
#include <platform/text.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

template <std::size_t count>
bool ends_with_any(std::string_view name, const std::array<std::string_view, count>& endings) {
  const std::string small = lower_case(name);
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return small.ends_with(ending); });
}

bool begins_zip(std::string_view bytes) { return bytes.starts_with("PK\3\4"sv) || bytes.starts_with("PK\5\6"sv); }

bool begins_tar(std::string_view bytes) {
  constexpr std::array compressed{"\x1F\x8B"sv, "BZh"sv,
                                  "\xFD"
                                  "7zXZ\0"sv,
                                  "\x28\xB5\x2F\xFD"sv, "\x04\x22\x4D\x18"sv};
  constexpr std::size_t magic_at = 257;
  return (bytes.size() > magic_at && bytes.substr(magic_at).starts_with("ustar"sv)) ||
         std::any_of(compressed.begin(), compressed.end(), [&](auto magic) { return bytes.starts_with(magic); });
}

}  // namespace

std::string first_bytes(const std::string& path) {
  std::string bytes(512, '\0');
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  bytes.resize(file < 0 ? 0 : read_at(file, 0, bytes.data(), bytes.size()));
  if (file >= 0) ::close(file);
  return bytes;
}

bool is_tar_name(std::string_view name) {
  constexpr std::array endings{".tar"sv,    ".tar.gz"sv, ".tgz"sv,     ".tar.bz2"sv, ".tbz2"sv,   ".tbz"sv,
                               ".tar.xz"sv, ".txz"sv,    ".tar.zst"sv, ".tzst"sv,    ".tar.lz4"sv};
  return ends_with_any(name, endings);
}

bool is_archive_name(std::string_view name) { return lower_case(name).ends_with(".zip") || is_tar_name(name); }

bool is_archive(const std::string& path) {
  const std::string bytes = first_bytes(path);
  return begins_zip(bytes) || begins_tar(bytes);
}

void require_plausible(const std::string& archive, std::uint64_t unpacked, std::uint64_t packed) {
  constexpr std::uint64_t much = std::uint64_t{1} << 26U, best_ratio = 100;
  if (unpacked <= much || unpacked / best_ratio <= packed) return;
  throw data_error("'" + archive + "' unpacks " + std::to_string(packed) + " bytes to " + std::to_string(unpacked) +
                   " or more, over " + std::to_string(best_ratio) +
                   " times as many, which images do not: unpack it and give the folder if it is what it should be");
}

std::string size_problem(std::uint64_t bytes) {
  constexpr std::uint64_t largest = std::uint64_t{1} << 30U;
  if (bytes <= largest) return {};
  return "has " + std::to_string(bytes) + " bytes, more than the limit of " + std::to_string(largest);
}

std::unique_ptr<Archive> open_archive(const std::string& path, const std::shared_ptr<TemporaryFile>& unpacked,
                                      const std::stop_token& stop) {
  const std::string bytes = first_bytes(path);
  if (bytes.empty()) throw data_error("'" + path + "' is empty or cannot be read: give an archive or a folder");
  const bool zip = begins_zip(bytes) || (!begins_tar(bytes) && lower_case(path).ends_with(".zip"));
  return zip ? open_zip(path) : open_tar(path, unpacked, stop);
}

}  // namespace lrfind::data
