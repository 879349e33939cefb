#include "command/result_output.hpp"

#include "command/command.hpp"
#include "command/exit_status.hpp"
#include "command/repeat.hpp"
#include "platform/write_file.hpp"
#include "report/csv.hpp"
#include "report/page.hpp"
#include "report/picture.hpp"
#include "report/summary.hpp"
#include "report/terminal_curve.hpp"
#include "report/text.hpp"
#include "schedule/suggested_rate.hpp"

namespace lrfind::command {

void Unwritten::add(const std::optional<Error>& another) {
  if (another && error) {
    error = output_error(std::string(error->what()) + "; " + another->what());
  } else if (another) {
    error = another;
  }
}

Unwritten write_result(const SweepOptions& settings, const report::Result& result) {
  Unwritten unwritten;
  if (!settings.output.empty()) {
    const bool stdout_named = settings.output == "-";
    unwritten.add(report::write_file_or_elsewhere(stdout_named ? "/dev/stdout" : settings.output,
                                                  report::to_text(result), stdout_named ? "lr.json" : ""));
    unwritten.result = unwritten.error.has_value();
  }
  if (settings.json && settings.output != "-") {
    unwritten.add(report::write_file_or_elsewhere("/dev/stdout", report::to_text(result), "lr.json"));
  }
  if (!settings.csv.empty()) unwritten.add(report::write_file_or_elsewhere(settings.csv, report::to_csv(result)));
  if (!settings.plot.empty() && !result.curve.lr.empty()) {
    try {
      const report::NamedResult named{result.dataset.path.empty() ? result.model.name : result.dataset.path, result};
      if (report::is_page(settings.plot)) {
        report::write_page({{named, command_of(result)}}, settings.plot);
      } else {
        report::write_picture({named}, settings.plot);
      }
    } catch (const Error& error) {
      unwritten.add(error);
    }
  }
  return unwritten;
}

void show_curve(const report::Result& result, Console& console) {
  const auto style = console.style();
  if (!result.curve.lr.empty()) console.out() << report::draw_curve(result, style) << "\n";
  console.out() << report::summary(result, style);
}

void show_place(const SweepOptions& settings, Console& console) {
  if (settings.output.empty() || settings.output == "-") return;
  console.out() << "\nresult: " << report::printable(settings.output) << "\n";
}

int answer(const SweepOptions& settings, const report::Result& result) {
  if (settings.print_lr && result.suggestion.trusted) print_rate(*train::planned_rate(result.suggestion));
  return result.suggestion.trusted ? done : untrusted;
}

}  // namespace lrfind::command
