#include <data/dataset/class_names.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include "platform/parse_json.hpp"
#include "platform/text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <set>

namespace lrfind::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t longest = std::uint64_t{1} << 24U;

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw data_error("'" + file + "' " + what + ": the names of the classes are needed, one a line or as a JSON list");
}

std::size_t number_of(const std::string& file, const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    refuse(file, "has the class number " + data::quoted(text));
  return value;
}

void add(ClassNames& names, std::size_t number, std::string name) {
  if (name.empty()) refuse(names.file, "has no name for class " + std::to_string(number));
  names.of_number[number] = std::move(name);
}

void require_different(const ClassNames& names) {
  std::set<std::string> seen;
  for (const auto& [number, name] : names.of_number) {
    if (!seen.insert(name).second) refuse(names.file, "names two classes " + data::quoted(name));
  }
}

void read_json(ClassNames& names, const std::string& text) {
  Json json;
  try {
    json = parse_json(text);
  } catch (const JsonError&) {
    refuse(names.file, "is not valid JSON");
  }
  if (!json.is_array() && !json.is_object()) refuse(names.file, "is neither a list nor an object");
  std::size_t next = 0;
  for (const auto& [key, value] : json.items()) {
    if (json.is_object() && value.is_number_unsigned()) {
      add(names, value.get<std::size_t>(), key);
    } else if (value.is_string()) {
      add(names, json.is_object() ? number_of(names.file, key) : next++, value.get<std::string>());
    } else {
      refuse(names.file, "holds something that is no name");
    }
  }
}

void read_lines(ClassNames& names, const std::string& text) {
  std::size_t next = 0;
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  while (!trimmed(rest.substr(0, rest.find_last_not_of("\r\n\t ") + 1)).empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    add(names, next++, std::string(trimmed(line)));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

}  // namespace

std::optional<ClassNames> class_names_in(const Files& files, const std::string& folder) {
  constexpr std::array names{"classes.txt",  "class_names.txt",  "labels.txt",
                             "classes.json", "class_names.json", "labels.json"};
  for (const std::string name : names) {
    if (!files.is_file(folder + name)) continue;
    ClassNames found{folder + name, {}};
    std::string text;
    if (const std::string problem = files.read(found.file, text, longest); !problem.empty()) {
      refuse(found.file, problem);
    }
    name.ends_with(".json") ? read_json(found, text) : read_lines(found, text);
    require_different(found);
    return found;
  }
  return std::nullopt;
}

}  // namespace lrfind::data
