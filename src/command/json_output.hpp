// Where a command's JSON goes: the same in every command that has some.
#pragma once

#include "command/options.hpp"

#include <string>

namespace lrfind::command {

struct JsonOutput {
  std::string file;   ///< "-" is stdout; empty: none
  bool json = false;  ///< stdout, wherever else it goes

  bool on_stdout() const { return json || file == "-"; }
};

/// -o and --json. `what` is written: "what was found".
void declare_json_output(OptionSet& options, JsonOutput& output, const std::string& what);

/// Throws Error (usage, output) for what can be known to go wrong before any work is done. `also_on_stdout` is another
/// option that was given and prints there, or empty.
void check_json_output(const JsonOutput& output, const std::string& also_on_stdout = "");

/// Throws Error (output).
void write_json(const JsonOutput& output, const std::string& text);

}  // namespace lrfind::command
