#include <data/dataset/manifest_hint.hpp>

#include <map>
#include <string_view>

namespace lrfind::data {
namespace {

struct NamePrefix {
  std::string text;     // empty: no number, or nothing before it
  bool dotted = false;  // "cat.1.jpg": as files are named by their class
};

// What stands before the number: "cat" of "cat.1.jpg", "cat_001.jpg", "cat (1).jpg" and "cat1.jpg".
NamePrefix prefix_of(const std::string& name) {
  std::string_view text = std::string_view(name).substr(0, name.rfind('.'));
  const auto drop_last = [&](std::string_view characters) {
    const std::size_t length = text.find_last_not_of(characters) + 1;
    const bool dropped = length < text.size();
    text = text.substr(0, length);
    return dropped;
  };
  drop_last(")");
  if (!drop_last("0123456789")) return {};
  const bool dotted = text.ends_with('.');
  drop_last("._- (");
  return {std::string(text), dotted};
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string manifest_hint(const std::string& folder, const std::string& subfolder,
                          const std::vector<std::string>& images) {
  struct Group {
    const std::string* first;
    std::size_t images = 0;
    bool dotted = false;
  };
  std::map<std::string, Group> groups;
  for (const std::string& name : images) {
    const NamePrefix prefix = prefix_of(name);
    if (prefix.text.empty()) continue;
    Group& group = groups.try_emplace(prefix.text, Group{&name}).first->second;
    ++group.images;
    group.dotted = group.dotted || prefix.dotted;
  }
  // Names that each begin otherwise, such as hashes, name no classes.
  std::erase_if(groups, [](const auto& entry) { return entry.second.images < 2 && !entry.second.dotted; });
  if (groups.size() < 2) return {};
  constexpr std::size_t most = 3;
  std::string lines = "'path,label'";
  std::size_t shown = 0;
  for (const auto& [label, group] : groups) {
    if (++shown > most) break;
    lines += ", '" + csv_field(subfolder + *group.first) + "," + csv_field(label) + "'";
  }
  return "; since the names of its images seem to begin with their class, a manifest '" + folder +
         "/images.csv' would do, with the lines " + lines + " and so on";
}

}  // namespace lrfind::data
