#include <data/archive/entry_names.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <platform/text.hpp>

#include <cctype>
#include <cstdint>
#include <string_view>

namespace lrfind::data {
namespace {

[[noreturn]] void refuse(const std::string& archive, const std::string& what) {
  throw data_error("'" + archive + "' " + what + ": unpack it where that can be put right, and give the folder");
}

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i < static_cast<std::size_t>(more)) return false;
    std::uint32_t code = lead & (0x3FU >> static_cast<unsigned>(more));
    for (int n = 0; n < more; ++n) {
      const auto next = static_cast<unsigned char>(text[i++]);
      if ((next & 0xC0U) != 0x80U) return false;
      code = code << 6U | (next & 0x3FU);
    }
    const bool overlong = (more == 2 && code < 0x800) || (more == 3 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  }
  return true;
}

// Bytes that are no UTF-8 as a terminal can show them.
std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return quoted(text);
}

bool has_drive(const std::string& name) {
  return name.size() > 1 && name[1] == ':' && std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
         (name.size() == 2 || name[2] == '/' || name[2] == '\\');
}

}  // namespace

std::string checked_entry_name(const std::string& archive, const std::string& name) {
  if (!is_utf8(name)) refuse(archive, "holds a name that is no UTF-8, " + shown(name));
  if (name.empty() || name.find('\0') != std::string::npos) refuse(archive, "holds a file without a proper name");
  if (name.starts_with('/') || has_drive(name)) refuse(archive, "holds an absolute path, " + quoted(name));
  std::string path;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") refuse(archive, "holds a path that leads out of its folder, " + quoted(name));
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

void refuse_link(const std::string& archive, const std::string& name) {
  refuse(archive, "holds a link, " + quoted(name) + ", and links are not followed in archives");
}

}  // namespace lrfind::data
