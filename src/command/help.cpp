#include "command/help.hpp"

#include "command/exit_status.hpp"
#include "command/program.hpp"
#include "platform/text.hpp"
#include "report/terminal.hpp"
#include "report/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace lrfind::command {

namespace {

constexpr int narrowest = 30;
constexpr int text_column = 34;       // where what an option means begins
constexpr int least_text_width = 36;  // below which it begins on a line of its own
constexpr int status_column = 7;

// "  -b,--batch-size=64", "  --csv FILE"
std::string head_of(const OptionText& option) {
  std::string head;
  for (const auto& name : option.names) head += (head.empty() ? "  " : ",") + name;
  if (option.takes.empty()) return head;
  if (!option.initial.empty()) return head + "=" + option.initial;
  return head + (option.value_optional ? " [" + option.values.name + "]" : " " + option.values.name);
}

// Two columns, or the text below the head where there is little room for two.
std::string entry(const std::string& head, const std::string& text, int column, int columns) {
  if (columns - column < least_text_width) {
    return report::wrapped(head, columns, 4, "  ") + report::wrapped(text, columns, 6);
  }
  if (static_cast<int>(head.size()) + 2 > column) return head + "\n" + report::wrapped(text, columns, column);
  return report::wrapped(text, columns, column, report::padded_right(head, column));
}

std::string paragraphs(const std::string& text, int columns) {
  std::string lines;
  for (const std::string_view paragraph : split(text, '\n')) {
    lines += paragraph.empty() ? "\n" : report::wrapped(paragraph, columns, 0);
  }
  return lines;
}

std::string meanings(const std::vector<Meaning>& list, int column, int columns) {
  std::string lines;
  for (const auto& [word, what] : list) lines += entry("  " + word, what, column, columns);
  return lines;
}

}  // namespace

int help_columns() {
  const char* text = std::getenv("COLUMNS");
  const std::string_view given = text == nullptr ? "" : text;
  int columns = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), columns);
  const bool number = error == std::errc() && end == given.data() + given.size() && columns > 0;
  return std::max(number ? columns : report::terminal_columns(STDOUT_FILENO), narrowest);
}

std::string help_text(const CommandPage& page, int columns) {
  std::string text = report::wrapped(page.name + " " + page.synopsis, columns, 2, "Usage: lrfind ") + "\n";
  text += paragraphs(page.description, columns);
  if (!page.arguments.empty()) text += "\nArguments:\n";
  for (const auto& argument : page.arguments) {
    text += entry("  " + argument.name, with_values(argument.help, argument.values), text_column, columns);
  }
  for (const auto& [group, options] : by_group(page.options)) {
    text += "\n" + report::wrapped(group + ":", columns, 0);
    for (const auto* option : options) {
      text += entry(head_of(*option), with_values(option->help, option->values), text_column, columns);
    }
  }
  text += "\nExamples:\n" + example_lines(page.examples, columns);
  text += "\nExit status:\n" + meanings(page.statuses, status_column, columns);
  return text;
}

std::string program_help(const std::vector<CommandSummary>& commands, int columns) {
  constexpr int command_column = 12;
  constexpr int option_column = 22;
  std::string text =
      report::wrapped(program_summary, columns, 0, "lrfind: ") + "\nUsage: lrfind COMMAND [OPTIONS]\n\nCommands:\n";
  for (const auto& command : commands) text += entry("  " + command.name, command.summary, command_column, columns);
  text += "\n" + report::wrapped(
                     "lrfind help COMMAND or lrfind COMMAND --help explains a command, lrfind COMMAND --man is its "
                     "manual page.",
                     columns, 0);
  text += "\nOptions:\n";
  for (const auto& option : program_options())
    text += entry(head_of(option), with_values(option.help, option.values), option_column, columns);
  text += "\nExamples:\n" + example_lines(program_examples, columns);
  return text + "\nExit status:\n" + meanings(status_meanings(untrusted_sweep), status_column, columns);
}

}  // namespace lrfind::command
