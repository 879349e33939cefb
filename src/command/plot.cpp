#include <lrfind/error.hpp>
#include "command/command.hpp"
#include "platform/write_file.hpp"
#include "report/picture.hpp"
#include "report/terminal_curve.hpp"
#include "report/text.hpp"

#include <filesystem>

namespace lrfind::command {

int plot(const Invocation& invocation) {
  CommonOptions common;
  std::vector<std::string> paths;
  std::string output;
  CommandLine line("plot", "Draws results of lrfind sweep in the terminal, or into a file; several overlay.",
                   "  lrfind plot lr.json\n"
                   "  lrfind plot sgd.json adam.json -o compare.svg\n",
                   common);
  line.trains_nothing();
  line.file("lr.json", "a result, by its usual name");
  auto& options = line.options();
  options.add_argument("FILE", paths, {.paths = true, .endings = {".json"}}, "result JSON of lrfind sweep");
  options.group("Output");
  options.add("-o,--output", output, file_name("a file name", {".png", ".svg", ".pdf"}),
              "FILE.png, .svg or .pdf instead of the terminal");
  if (!line.parse(invocation)) return done;
  if (paths.empty()) throw usage_error("FILE is missing: one or more results of lrfind sweep");

  std::vector<report::NamedResult> results;
  for (const auto& path : paths) {
    results.push_back({std::filesystem::path(path).stem().string(), report::read_result(path)});
  }
  auto& console = invocation.console;
  if (output.empty()) {
    console.out() << (results.size() == 1 ? report::draw_curve(results.front().result, console.style())
                                          : report::draw_curves(results, console.style()));
    return done;
  }
  if (const auto problem = report::picture_problem(output)) throw usage_error(*problem);
  report::check_writable(output);
  report::write_picture(results, output);
  if (!common.quiet) console.out() << "picture: " << report::printable(output) << "\n";
  return done;
}

}  // namespace lrfind::command
