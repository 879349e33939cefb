#include "command/manual.hpp"

#include "command/exit_status.hpp"
#include "command/program.hpp"
#include "platform/text.hpp"
#include "report/text.hpp"

#include <algorithm>

namespace lrfind::command {

namespace {

constexpr int line_width = 78;  // of the source; mandoc(1) frowns at longer lines

// Text as it is, whatever roff makes of its characters.
std::string escaped(std::string_view text) {
  std::string roff;
  for (const char c : text) {
    switch (c) {
      case '\\':
        roff += "\\e";
        break;
      case '-':
        roff += "\\-";
        break;
      case '"':
        roff += "\\(dq";
        break;
      case '\'':
        roff += "\\(aq";
        break;
      case '`':
        roff += "\\(ga";
        break;
      case '^':
        roff += "\\(ha";
        break;
      case '~':
        roff += "\\(ti";
        break;
      default:
        roff += c;
    }
  }
  return roff;
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

// Words in lines of usual length; none of them begins with what roff takes for a request.
std::string filled(const std::string& text) {
  std::string lines;
  const std::string wrapped = report::wrapped(text, line_width, 0);
  for (const std::string_view line : split(wrapped, '\n')) {
    if (line.empty()) continue;
    const bool request = line.starts_with(".") || line.starts_with("'");
    lines += (request ? "\\&" : "") + std::string(line) + "\n";
  }
  return lines;
}

std::string paragraphs(const std::string& text) {
  std::string roff;
  for (const std::string_view paragraph : split(text, '\n')) {
    if (paragraph.empty()) continue;
    roff += (roff.empty() ? "" : ".PP\n") + filled(escaped(trimmed(paragraph)));
  }
  return roff;
}

std::string entry(const std::string& head, const std::string& text) { return ".TP\n" + head + "\n" + text; }

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : ".SH " + title + "\n" + body;
}

std::string meanings(const std::vector<Meaning>& list) {
  std::string roff;
  for (const auto& [word, what] : list) roff += entry(bold(word), filled(escaped(what) + "."));
  return roff;
}

std::string capitalised(std::string text) {
  const bool plain = text.size() > 1 && text[0] >= 'a' && text[0] <= 'z' && text[1] >= 'a' && text[1] <= 'z';
  const auto colon = text.find(':');
  const bool a_word_explained = colon != std::string::npos && colon < text.find(' ');  // "auto: ..."
  if (plain && !a_word_explained) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string with_full_stop(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

// The help, then what the option takes and its default.
std::string option_text(const OptionText& option) {
  std::string text = with_full_stop(option.help);
  const bool said = option.takes == "text" || (option.values.paths && option.values.words.empty());
  if (!option.takes.empty() && !said) text += " Takes " + with_full_stop(option.takes);
  if (!option.initial.empty()) text += " Default: " + with_full_stop(option.initial);
  return filled(escaped(text));
}

std::string option_head(const OptionText& option) {
  std::string head;
  for (const auto& name : option.names) head += (head.empty() ? "" : ", ") + bold(name);
  if (option.takes.empty()) return head;
  if (option.value_optional) return head + " [" + italic(option.values.name) + "]";
  return head + (option.names.back().starts_with("--") ? "=" : " ") + italic(option.values.name);
}

std::string option_list(const std::vector<OptionText>& options) {
  std::string roff;
  for (const auto& [group, members] : by_group(options)) {
    if (!group.empty()) roff += ".SS " + escaped(group) + "\n";
    for (const auto* option : members) roff += entry(option_head(*option), option_text(*option));
  }
  return roff;
}

std::string argument_list(const CommandPage& page) {
  std::string roff;
  for (const auto& argument : page.arguments) {
    std::string text = with_full_stop(argument.help);
    if (argument.values.listed) text += " One of " + joined(argument.values.words, " or ") + ".";
    roff += entry(italic(argument.name), filled(escaped(text)));
  }
  return roff;
}

// Words in capitals are stand-ins for what a person types.
std::string synopsis(const std::string& command, const std::string& rest) {
  std::string roff = bold(command);
  for (const std::string_view word : split(rest, ' ')) {
    const auto first = word.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const auto last = word.find_last_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    roff += " ";
    if (first == std::string_view::npos) {
      roff += bold(word);
    } else {
      roff += escaped(word.substr(0, first)) + italic(word.substr(first, last - first + 1)) +
              escaped(word.substr(last + 1));
    }
  }
  return roff + "\n";
}

std::string examples(const std::string& text) {
  constexpr int columns = 72;  // beside the margins of a page of 80
  const std::string lines = example_lines(text, columns);
  std::string roff = ".EX\n";
  for (const std::string_view line : split(lines, '\n')) {
    if (!line.empty()) roff += escaped(line.substr(2)) + "\n";
  }
  return roff + ".EE\n";
}

std::string title(const std::string& name) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return ".TH " + escaped(upper) + " 1 " LRFIND_DATE " \"lrfind " LRFIND_VERSION "\" \"User Commands\"\n";
}

std::string see_also(const std::vector<std::string>& pages) {
  std::string roff;
  for (const auto& page : pages) roff += (roff.empty() ? "" : ",\n") + std::string(".BR ") + escaped(page) + " (1)";
  return roff + "\n";
}

const std::vector<Meaning>& variables_of_all() {
  static const std::vector<Meaning> variables = {
      {"COLUMNS", "how wide text is where no terminal says so; of the help in any case"},
      {"NO_COLOR", "no colours on the terminal where it is set to something"}};
  return variables;
}

}  // namespace

std::string manual_page(const CommandPage& page, const std::vector<CommandSummary>& commands) {
  std::string summary;
  std::vector<std::string> others = {"lrfind"};
  for (const auto& command : commands) {
    if (command.name == page.name) {
      summary = command.summary;
    } else {
      others.push_back("lrfind-" + command.name);
    }
  }
  const std::string name = "lrfind-" + page.name;
  return title(name) + section("NAME", filled(escaped(name) + " \\- " + escaped(summary))) +
         section("SYNOPSIS", synopsis("lrfind " + page.name, page.synopsis)) +
         section("DESCRIPTION", paragraphs(page.description)) +
         section("OPTIONS", argument_list(page) + option_list(page.options)) +
         section("EXIT STATUS", meanings(page.statuses)) + section("ENVIRONMENT", meanings(page.variables)) +
         section("FILES", meanings(page.files) + meanings(shared_files())) +
         section("EXAMPLES", examples(page.examples)) + section("SEE ALSO", see_also(others));
}

std::string program_manual(const std::vector<CommandSummary>& commands) {
  std::vector<std::string> others;
  std::string list;
  for (const auto& command : commands) {
    others.push_back("lrfind-" + command.name);
    list +=
        entry("\\fBlrfind\\-" + escaped(command.name) + "\\fR(1)", filled(escaped(capitalised(command.summary) + ".")));
  }
  return title("lrfind") + section("NAME", "lrfind \\- learning\\-rate range test for image classifiers\n") +
         section("SYNOPSIS", synopsis("lrfind", "COMMAND [OPTIONS]") + ".br\n" + synopsis("lrfind help", "[COMMAND]") +
                                 ".br\n" + synopsis("lrfind --completion", "SHELL") + ".br\n" +
                                 synopsis("lrfind --man", "[FOLDER]")) +
         section("DESCRIPTION", paragraphs(program_description)) + section("COMMANDS", list) +
         section("OPTIONS", option_list(program_options())) +
         section("EXIT STATUS", meanings(status_meanings(untrusted_sweep))) +
         section("ENVIRONMENT", meanings(variables_of_all())) +
         section("FILES", meanings({result_file()}) + meanings(shared_files())) +
         section("EXAMPLES", examples(program_examples)) + section("SEE ALSO", see_also(others));
}

}  // namespace lrfind::command
