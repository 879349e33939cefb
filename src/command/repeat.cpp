#include "command/repeat.hpp"

#include "command/command.hpp"

#include <algorithm>
#include <set>

namespace lrfind::command {

namespace {

using report::Json;

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=+,@%").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

std::string option(const std::string& key, const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? " --" + key : "";
  if (value.is_array()) {
    std::string all;
    for (const auto& entry : value) all += option(key, entry);
    return all;
  }
  if (!value.is_string() && !value.is_number()) return "";
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  return text.starts_with('-') ? " " + quoted("--" + key + "=" + text) : " --" + key + " " + quoted(text);
}

// Those of the result's options that say something; `except`: keys that something else says.
std::string options_of(const Json& config, const Json& usual, const std::set<std::string>& except) {
  std::string text;
  for (const auto& [key, value] : config.items()) {
    const auto otherwise = usual.find(key);
    if (otherwise != usual.end() && *otherwise != value && !except.contains(key)) text += option(key, value);
  }
  return text;
}

const Json* command_of_program(const report::Result& result) {
  const auto program = result.sections.find("program");
  if (program == result.sections.end() || !program->is_object()) return nullptr;
  const auto command = program->find("command");
  return command != program->end() && command->is_array() ? &*command : nullptr;
}

std::string exec_command(const report::Result& result, const Json& words) {
  ExecOptions usual;
  CLI::App app;
  OptionSet options(app);
  declare_exec_options(options, usual);
  declare_common_options(options, usual.sweep.common);
  // The program says these itself.
  const std::set<std::string> except = {"command", "optimizer", "momentum", "batch-size"};
  std::string text = "lrfind exec" + options_of(result.config, options.resolved(), except) + " --";
  for (const auto& word : words) {
    if (word.is_string()) text += " " + quoted(word.get<std::string>());
  }
  return text;
}

std::string sweep_command(const report::Result& result) {
  SweepOptions usual;
  CLI::App app;
  OptionSet options(app);
  declare_sweep_options(options, usual);
  declare_common_options(options, usual.common);
  const std::string& data = result.dataset.path;
  return "lrfind sweep " + quoted(data.starts_with('-') ? "./" + data : data) +
         options_of(result.config, options.resolved(), {});
}

}  // namespace

std::string command_of(const report::Result& result) {
  if (result.tool.version.empty()) return "";
  const Json* program = command_of_program(result);
  return program != nullptr ? exec_command(result, *program) : sweep_command(result);
}

}  // namespace lrfind::command
