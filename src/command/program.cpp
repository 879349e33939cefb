#include "command/program.hpp"

#include "command/arguments.hpp"
#include "command/completion.hpp"
#include "command/help.hpp"
#include "command/manual.hpp"
#include "platform/did_you_mean.hpp"
#include "platform/excerpt.hpp"
#include "platform/text.hpp"
#include "platform/write_file.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace lrfind::command {

namespace {

std::vector<CommandSummary> summaries(const std::vector<Command>& commands) {
  std::vector<CommandSummary> list;
  for (const auto& command : commands) list.push_back({command.name, command.summary});
  return list;
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.emplace_back(command.name);
  return names;
}

const Command* find(const std::vector<Command>& commands, const std::string& name) {
  const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return name == c.name; });
  return found == commands.end() ? nullptr : &*found;
}

// Where the first word is data, the command that takes it was left out.
std::string sweep_meant(const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(name, error) ? "; did you mean \"lrfind sweep " + excerpt(name) + "\"?" : "";
}

Error unknown_command(const std::vector<Command>& commands, const std::string& name) {
  if (name.starts_with("-")) {
    return unknown_option(name, program_options(),
                          "; options of a command follow its name, and lrfind --help lists the commands");
  }
  auto names = names_of(commands);
  names.emplace_back("help");
  const auto guess = did_you_mean(name, names);
  return usage_error("there is no command \"" + excerpt(name) + "\"; lrfind --help lists them" +
                     (guess.empty() ? sweep_meant(name) : guess));
}

std::vector<CommandPage> pages_of(const std::vector<Command>& commands, Console& console) {
  std::vector<CommandPage> pages;
  for (const auto& command : commands) {
    command.run({{}, console, {}, [&](const CommandPage& page) { pages.push_back(page); }});
  }
  return pages;
}

void write_manual_pages(const std::vector<Command>& commands, const std::string& folder, Console& console) {
  const auto all = summaries(commands);
  report::write_file(folder + "/lrfind.1", program_manual(all));
  for (const auto& page : pages_of(commands, console)) {
    report::write_file(folder + "/lrfind-" + page.name + ".1", manual_page(page, all));
  }
}

void print_completion(const std::vector<Command>& commands, const std::string& shell, Console& console) {
  const auto shells = completion_shells();
  if (std::find(shells.begin(), shells.end(), shell) == shells.end()) {
    throw usage_error("--completion is \"" + excerpt(shell) + "\"; it takes " + joined(shells, " or ") +
                      did_you_mean(shell, shells));
  }
  std::cout << completion_script(shell, summaries(commands), pages_of(commands, console));
}

}  // namespace

std::vector<OptionText> program_options() {
  return {{.names = {"-h", "--help"}, .help = "print this and exit"},
          {.names = {"-V", "--version"}, .help = "print the version and exit"},
          {.names = {"--man"},
           .help = "print the manual page and exit; with a folder, write all pages into it",
           .takes = "a folder",
           .values = {.paths = true, .name = "FOLDER"},
           .value_optional = true},
          {.names = {"--completion"},
           .help = "print the completion for a shell and exit",
           .takes = joined(completion_shells(), " or "),
           .values = {.words = completion_shells(), .listed = true, .name = "SHELL"}}};
}

Meaning result_file() {
  return {"lr.json", "the result of lrfind sweep and lrfind exec where -o names no other file; the others read it"};
}

std::vector<Meaning> shared_files() {
  return {{"PREFIX/share/lrfind/configs", "ready-made configurations for --config, and the JSON Schemas of results"},
          {"PREFIX/share/lrfind/scripts", "in Python: the client of lrfind exec, export of networks, plotting"}};
}

int run_program(const std::vector<Command>& commands, const std::string& name,
                const std::vector<std::string>& arguments, Console& console) {
  if (const Command* command = find(commands, name)) return command->run({arguments, console, summaries(commands)});
  const std::string argument = arguments.empty() ? "" : arguments.front();
  if (name == "help" && !argument.empty() && argument != "help") {
    const Command* command = find(commands, argument);
    if (command == nullptr) throw unknown_command(commands, argument);
    return command->run({{"--help"}, console, summaries(commands)});
  }
  if (name == "--help" || name == "-h" || name == "help") {
    std::cout << program_help(summaries(commands), help_columns());
  } else if (name == "--version" || name == "-V") {
    std::cout << "lrfind " LRFIND_VERSION "\n";
  } else if (name.starts_with("--man=") || (name == "--man" && !argument.empty())) {
    write_manual_pages(commands, name == "--man" ? argument : name.substr(name.find('=') + 1), console);
  } else if (name == "--man") {
    std::cout << program_manual(summaries(commands));
  } else if (name == "--completion" || name.starts_with("--completion=")) {
    print_completion(commands, name == "--completion" ? argument : name.substr(name.find('=') + 1), console);
  } else if (name.empty()) {
    console.out() << program_help(summaries(commands), help_columns());
    return usage;
  } else {
    throw unknown_command(commands, name);
  }
  return done;
}

}  // namespace lrfind::command
