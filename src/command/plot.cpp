#include <lrfind/error.hpp>
#include "command/command.hpp"
#include "command/repeat.hpp"
#include "experiment/saved_curves.hpp"
#include "platform/write_file.hpp"
#include "report/page.hpp"
#include "report/picture.hpp"
#include "report/terminal_curve.hpp"
#include "report/text.hpp"

#include <filesystem>
#include <map>

namespace lrfind::command {

namespace {

bool is_table(const std::filesystem::path& path) { return path.extension() == ".csv" || path.extension() == ".CSV"; }

// A table is another tool's curve, and is analysed; a result has its suggestion.
report::Result read(const std::string& path) {
  if (!is_table(path)) return report::read_result(path);
  report::Result result = experiment::read_curves({path});
  experiment::analyse_again(result, {});
  return result;
}

// Each by its file's name; files of one name, as lr.json in several folders, by their paths.
std::vector<report::NamedResult> read_all(const std::vector<std::string>& paths) {
  std::map<std::string, int> stems;
  for (const std::filesystem::path path : paths) ++stems[path.stem().string()];
  std::vector<report::NamedResult> results;
  for (const std::filesystem::path path : paths) {
    const std::string stem = path.stem().string();
    results.push_back({stems[stem] == 1 ? stem : (path.parent_path() / stem).string(), read(path.string())});
  }
  return results;
}

void draw(const std::vector<report::NamedResult>& results, const std::string& output) {
  if (!report::is_page(output)) return report::write_picture(results, output);
  std::vector<report::PageResult> shown;
  shown.reserve(results.size());
  for (const auto& named : results) shown.push_back({named, command_of(named.result)});
  report::write_page(shown, output);
}

}  // namespace

int plot(const Invocation& invocation) {
  CommonOptions common;
  std::vector<std::string> paths;
  std::string output;
  CommandLine line("plot",
                   "Draws results of lrfind sweep in the terminal, or into a picture or a page; several overlay.",
                   "  lrfind plot lr.json\n"
                   "  lrfind plot sgd.json adam.json -o compare.svg\n"
                   "  lrfind plot lr.json -o report.html        # a page to look around in, and to share\n",
                   common);
  line.trains_nothing();
  line.file("lr.json", "a result, by its usual name");
  auto& options = line.options();
  options.add_argument("FILE", paths, {.paths = true, .endings = {".json", ".csv"}},
                       "result JSON of lrfind sweep, or another tool's curve as CSV");
  options.group("Output");
  options.add("-o,--output", output, file_name("a file name", {".png", ".svg", ".pdf", ".html"}),
              "FILE.png, .svg or .pdf, or a page, FILE.html, instead of the terminal");
  if (!line.parse(invocation)) return done;
  if (paths.empty()) throw usage_error("FILE is missing: one or more results of lrfind sweep");

  const auto results = read_all(paths);
  auto& console = invocation.console;
  if (output.empty()) {
    console.out() << (results.size() == 1 ? report::draw_curve(results.front().result, console.style())
                                          : report::draw_curves(results, console.style()));
    return done;
  }
  if (const auto problem = report::drawing_problem(output)) throw usage_error(*problem);
  report::check_writable(output);
  draw(results, output);
  if (!common.quiet)
    console.out() << (report::is_page(output) ? "page: " : "picture: ") << report::printable(output) << "\n";
  return done;
}

}  // namespace lrfind::command
