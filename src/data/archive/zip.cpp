#include <data/archive/entry_names.hpp>
#include <data/archive/formats.hpp>
#include <lrfind/error.hpp>
#include <platform/zip_archive.hpp>

#include <zlib.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace lrfind::data {
namespace {

class Zip : public Archive {
 public:
  explicit Zip(const std::string& path) : path_(path), zip_(path) {
    using Problem = platform::ZipArchive::Problem;
    if (zip_.problem() == Problem::damaged) {
      throw data_error("'" + path + "' " + zip_.reason() + "; give an archive that unpacks, or the unpacked folder");
    }
    if (zip_.problem() == Problem::no_archive) throw data_error("'" + path + "' is no zip archive, or is cut off");
  }

  std::vector<ArchiveEntry> take_entries() override {
    std::vector<ArchiveEntry> entries;
    require_plausible(path_, zip_.unpacked_bytes(), zip_.file_bytes());
    for (std::size_t i = 0; i < zip_.entries().size(); ++i) {
      const platform::ZipEntry& entry = zip_.entries()[i];
      const std::string name = name_of(entry);
      ArchiveEntry taken{
          .path = checked_entry_name(path_, name), .folder = name.ends_with('/'), .bytes = entry.unpacked, .place = i};
      if (entry.link) refuse_link(path_, name);
      require_plausible(path_, entry.unpacked, entry.packed);
      if (!taken.path.empty()) entries.push_back(std::move(taken));
    }
    return entries;
  }

  std::string read(const ArchiveEntry& entry, std::vector<std::uint8_t>& buffer) const override {
    const platform::ZipEntry& packed = zip_.entries()[entry.place];
    if (std::string problem = size_problem(packed.unpacked); !problem.empty()) return problem;
    try {
      zip_.read(packed, buffer);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    const bool known = packed.checksum != 0;
    if (known && ::crc32_z(0, buffer.data(), buffer.size()) != packed.checksum) {
      return "is damaged: its checksum in the archive is another";
    }
    return {};
  }

  std::string kind() const override { return "zip"; }

 private:
  static std::string name_of(const platform::ZipEntry& entry) {
    std::string name = entry.unicode_name.empty() ? entry.name : entry.unicode_name;
    // Some programs of Windows write paths as they are there.
    if (entry.from_dos && name.find('/') == std::string::npos) std::replace(name.begin(), name.end(), '\\', '/');
    return name;
  }

  std::string path_;
  platform::ZipArchive zip_;
};

}  // namespace

std::unique_ptr<Archive> open_zip(const std::string& path) { return std::make_unique<Zip>(path); }

}  // namespace lrfind::data
