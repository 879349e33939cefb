// The names of an archive's entries: those that would lead an unpacking program astray are refused.
#pragma once

#include <string>

namespace lrfind::data {

/// The path without "." and repeated slashes; empty for the archive's own folder. Throws Error (data) where it is
/// absolute, leads out of the archive or is no UTF-8. `archive` is for the message.
std::string checked_entry_name(const std::string& archive, const std::string& name);

[[noreturn]] void refuse_link(const std::string& archive, const std::string& name);

}  // namespace lrfind::data
