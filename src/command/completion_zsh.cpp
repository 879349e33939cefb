#include "command/completion.hpp"
#include "command/program.hpp"

namespace lrfind::command {

namespace {

constexpr const char* head = R"zsh(#compdef lrfind
# zsh completion for lrfind, made by lrfind --completion zsh

# Words and files that fit: _lrfind_values 'WORD WORD' 'GLOB' [files|any|none]
_lrfind_values() {
  local ret=1
  local -a offered=(${=1})
  (( $#offered )) && compadd -J words -- $offered && ret=0
  case $3 in
    files) _files -g "$2" && ret=0 ;;
    any) _files && ret=0 ;;
  esac
  return ret
}

# Several of the words, with commas between them.
_lrfind_list() {
  _values -s , "$1" ${=2}
}

)zsh";

// In the description of an option.
std::string in_brackets(const std::string& text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '[' || c == ']' || c == ':' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return "[" + escaped + "]";
}

// A glob of the file names with these endings: *.(json|csv)(-.)
std::string glob(const std::vector<std::string>& endings) {
  std::string text;
  for (const auto& ending : endings) text += (text.empty() ? "*(" : "|") + ending;
  return text + ")(-.)";
}

// What _arguments does for a value, behind its name. The blank before a function keeps it as it is.
std::string action_of(const Values& values) {
  std::string words;
  for (const char c : spaced(values.words)) words += c == ':' ? std::string("\\:") : std::string(1, c);
  if (values.several) return " _lrfind_list " + values.name + " \"" + words + "\"";
  if (!values.paths) return words.empty() ? " " : "(" + words + ")";
  const bool some = !values.endings.empty();
  if (words.empty() && !some) return "_files";
  return " _lrfind_values \"" + words + "\" \"" + (some ? glob(values.endings) : "") + "\" " + (some ? "files" : "any");
}

// The names that end a specification: {-b+,--batch-size=} where a value follows.
std::string names_of(const OptionText& option) {
  std::string names;
  for (const auto& name : option.names) {
    const char* value = option.takes.empty() ? "" : name.starts_with("--") ? "=" : "+";
    names += (names.empty() ? "" : ",") + name + value;
  }
  return option.names.size() > 1 ? "{" + names + "}" : names;
}

std::string specification(const OptionText& option) {
  const bool last =
      option.names.back() == "--help" || option.names.back() == "--version" || option.names.back() == "--man";
  const std::string others = option.repeats ? "*" : last ? "(- *)" : "(" + spaced(option.names) + ")";
  std::string text = in_quotes(others) + names_of(option) + "'" + in_brackets(in_short(option.help));
  if (!option.takes.empty()) {
    text += (option.value_optional ? "::" : ":") + option.values.name + ":" + action_of(option.values);
  }
  // Quotes are opened by hand: braces must stay outside.
  std::string quoted;
  const auto begin = text.find('[', text.find(names_of(option)));
  for (const char c : text.substr(begin)) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text.substr(0, begin) + quoted + "'";
}

std::string specifications(const std::vector<OptionText>& options, const std::vector<ArgumentText>& arguments) {
  std::string text = "_arguments -s -S :";
  for (const auto& option : options) {
    if (!option.hidden) text += " \\\n        " + specification(option);
  }
  int number = 0;
  for (const auto& argument : arguments) {
    const std::string place = argument.repeats ? "*" : std::to_string(++number);
    text += " \\\n        " + in_quotes(place + ":" + argument.name + ":" + action_of(argument.values));
  }
  return text + "\n";
}

std::string command_case(const CommandPage& page) {
  std::string text = "    " + page.name + ")\n";
  if (page.runs_a_command) {
    text +=
        "      if (( ${words[(i)--]} < CURRENT )); then\n"
        "        local -i before=${words[(i)--]}\n"
        "        shift $before words\n"
        "        (( CURRENT -= before ))\n"
        "        _normal\n"
        "        return\n"
        "      fi\n";
  }
  return text + "      " + specifications(page.options, page.arguments) + "      ;;\n";
}

}  // namespace

std::string zsh_completion(const std::vector<CommandSummary>& commands, const std::vector<CommandPage>& pages) {
  std::string script = head;
  script += "_lrfind_commands() {\n  local -a commands=(\n";
  for (const auto& command : commands) script += "    " + in_quotes(command.name + ":" + command.summary) + "\n";
  script +=
      "  )\n  [[ $1 == help ]] || commands+=('help:explain a command')\n  _describe -t commands 'lrfind command' "
      "commands\n}\n\n";
  script +=
      "_lrfind() {\n"
      "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
      "    _lrfind_commands\n"
      "    return\n"
      "  elif [[ $words[2] == -* ]]; then\n    ";
  script += specifications(program_options(), {});
  script +=
      "    return\n"
      "  fi\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  local curcontext=${curcontext%:*:*}:lrfind-$words[1]:\n"
      "  case $words[1] in\n"
      "    help)\n"
      "      (( CURRENT == 2 )) && _lrfind_commands help\n"
      "      ;;\n";
  for (const auto& page : pages) script += command_case(page);
  return script +
         "  esac\n}\n\n"
         "if [[ $funcstack[1] == _lrfind ]]; then\n  _lrfind \"$@\"\nelse\n  compdef _lrfind lrfind\nfi\n";
}

}  // namespace lrfind::command
