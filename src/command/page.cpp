#include "command/page.hpp"

#include "platform/text.hpp"
#include "report/text.hpp"

#include <algorithm>

namespace lrfind::command {

namespace {

// A command line that can be pasted as it is shown: broken by a backslash, its comment on a line before it.
std::string example(const std::string& line, int columns) {
  const auto fits = [&](std::size_t width) { return width <= static_cast<std::size_t>(columns); };
  if (fits(line.size())) return line + "\n";
  const auto comment = line.find(" # ");
  std::string text;
  if (comment != std::string::npos) text = report::wrapped(line.substr(comment + 3), columns, 4, "  # ");
  std::string current = " ";
  const std::string_view command = trimmed(std::string_view(line).substr(0, comment));
  for (const std::string_view word : split(command, ' ')) {
    if (!trimmed(current).empty() && !fits(current.size() + 1 + word.size() + 2)) {
      text += current + " \\\n";
      current = "     ";
    }
    current += " " + std::string(word);
  }
  return text + current + "\n";
}

}  // namespace

std::string with_values(const std::string& help, const Values& values) {
  if (!values.listed) return help;
  return help + (help.empty() ? "[" : " [") + joined(values.words) + "]";
}

std::vector<std::pair<std::string, std::vector<const OptionText*>>> by_group(const std::vector<OptionText>& options) {
  std::vector<std::pair<std::string, std::vector<const OptionText*>>> groups;
  for (const auto& option : options) {
    if (option.hidden) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == option.group; });
    if (group == groups.end()) group = groups.insert(groups.end(), {option.group, {}});
    group->second.push_back(&option);
  }
  return groups;
}

std::vector<std::string> long_names(const std::vector<OptionText>& options) {
  std::vector<std::string> names;
  for (const auto& option : options) {
    for (const auto& name : option.names) {
      if (!option.hidden && name.starts_with("--")) names.push_back(name.substr(2));
    }
  }
  return names;
}

std::string example_lines(const std::string& examples, int columns) {
  std::string lines;
  for (const std::string_view line : split(examples, '\n')) {
    if (!line.empty()) lines += example(std::string(line), columns);
  }
  return lines;
}

}  // namespace lrfind::command
