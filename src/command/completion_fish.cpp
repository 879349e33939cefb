#include "command/completion.hpp"
#include "command/program.hpp"

namespace lrfind::command {

namespace {

constexpr const char* head = R"fish(# fish completion for lrfind, made by lrfind --completion fish

# Whether the command of the line is this one.
function __lrfind_at
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

# Whether the line has no command yet, but for options in its place.
function __lrfind_at_start
    set -l words (commandline -opc)
    test (count $words) -eq 1; or string match -q -- '-*' $words[2]
end

# What is typed of a value, without the option before it.
function __lrfind_value
    commandline -ct | string replace -r -- '^--[^=]*=' ''
end

# Several of these words, with commas between them.
function __lrfind_list
    set -l done (string match -r -- '.*,' (__lrfind_value))
    for word in $argv
        contains -- $word (string split , -- "$done"); or echo "$done$word"
    end
end

# Files whose names end like this, and folders.
function __lrfind_files
    for path in (complete -C "__fish_command_without_completions "(__lrfind_value) | string replace -r '\t.*' '')
        if string match -q -- '*/' $path
            echo $path
            continue
        end
        for ending in $argv
            string match -q -- "*$ending" $path; and echo $path
        end
    end
end

# What may follow --: a program, then what it takes.
function __lrfind_after_dashes
    contains -- -- (commandline -opc)
end
function __lrfind_program
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- -- $words)]
    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end

complete -c lrfind -f
)fish";

// In single quotes as fish takes them.
std::string in_fish_quotes(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return result + "'";
}

// The flags of `complete` for what may stand as a value.
std::string offer_of(const Values& values) {
  std::string words = spaced(values.words);
  if (values.several) words = "(__lrfind_list " + words + ")";
  if (values.paths && !values.endings.empty()) {
    words += (words.empty() ? "" : " ") + std::string("(__lrfind_files ") + spaced(values.endings) + ")";
  }
  std::string flags = values.paths && values.endings.empty() ? " -F" : "";
  if (!words.empty()) flags += " -a " + in_fish_quotes(words);
  return flags;
}

std::string line(const std::string& condition, const std::string& rest) {
  return "complete -c lrfind -n " + in_fish_quotes(condition) + rest + "\n";
}

std::string option_line(const std::string& condition, const OptionText& option) {
  std::string flags;
  for (const auto& name : option.names) {
    flags += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.takes.empty() && !option.value_optional) {
    flags += option.values.paths && option.values.endings.empty() ? " -r" : " -x";
  }
  if (!option.takes.empty()) flags += offer_of(option.values);
  return line(condition, flags + " -d " + in_fish_quotes(in_short(option.help)));
}

std::string page_lines(const CommandPage& page) {
  const std::string here = "__lrfind_at " + page.name;
  std::string lines = "\n";
  for (const auto& option : page.options) {
    if (!option.hidden)
      lines += option_line(here + (page.runs_a_command ? "; and not __lrfind_after_dashes" : ""), option);
  }
  if (page.runs_a_command) {
    lines += line(here + "; and __lrfind_after_dashes", " -a '(__lrfind_program)'");
    return lines + line(here + "; and not __lrfind_after_dashes", " -a -- -d 'then the command'");
  }
  for (const auto& argument : page.arguments) lines += line(here, offer_of(argument.values));
  return lines;
}

}  // namespace

std::string fish_completion(const std::vector<CommandSummary>& commands, const std::vector<CommandPage>& pages) {
  const std::string at_start = "test (count (commandline -opc)) -eq 1";
  std::string script = head;
  for (const auto& command : commands) {
    script += line(at_start, " -a " + command.name + " -d " + in_fish_quotes(command.summary));
    script += line("__lrfind_at help; and test (count (commandline -opc)) -eq 2",
                   " -a " + command.name + " -d " + in_fish_quotes(command.summary));
  }
  script += line(at_start, " -a help -d 'explain a command'");
  for (const auto& option : program_options()) script += option_line("__lrfind_at_start", option);
  for (const auto& page : pages) script += page_lines(page);
  return script;
}

}  // namespace lrfind::command
