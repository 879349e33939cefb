#include "command/json_output.hpp"

#include <lrfind/error.hpp>
#include "platform/standard_streams.hpp"
#include "platform/write_file.hpp"

namespace lrfind::command {

void declare_json_output(OptionSet& options, JsonOutput& output, const std::string& what) {
  options.add("-o,--output", output.file, file_name("a file name or -", {".json"}),
              "write " + what + " as JSON; - is stdout");
  options.not_in_config();
  options.add_flag("--json", output.json,
                   "print that JSON on stdout, as -o - does; with -o FILE it is written there, too");
  options.not_in_config();
}

void check_json_output(const JsonOutput& output, const std::string& also_on_stdout) {
  if (output.on_stdout() && !also_on_stdout.empty()) {
    const std::string own = output.json ? "--json" : "-o -";
    throw usage_error(also_on_stdout + " and " + own + " both want stdout; give -o a file name" +
                      (output.json ? " in place of --json" : ""));
  }
  if (output.on_stdout()) platform::check_stdout();
  if (!output.file.empty() && output.file != "-") report::check_writable(output.file);
}

void write_json(const JsonOutput& output, const std::string& text) {
  if (!output.file.empty() && output.file != "-") report::write_file(output.file, text);
  if (output.on_stdout()) report::write_file("/dev/stdout", text);
}

}  // namespace lrfind::command
