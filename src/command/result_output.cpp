#include "command/result_output.hpp"

#include "command/exit_status.hpp"
#include "platform/write_file.hpp"
#include "report/csv.hpp"
#include "report/picture.hpp"
#include "report/summary.hpp"
#include "report/terminal_curve.hpp"
#include "report/text.hpp"

#include <iostream>

namespace lrfind::command {

std::optional<Error> write_result(const SweepOptions& settings, const report::Result& result) {
  const std::string text = report::to_text(result);
  std::optional<Error> unwritten;
  if (settings.output == "-") {
    std::cout << text;
  } else if (!settings.output.empty()) {
    unwritten = report::write_file_or_elsewhere(settings.output, text);
  }
  if (unwritten) return unwritten;
  if (!settings.csv.empty()) report::write_file(settings.csv, report::to_csv(result));
  if (!settings.plot.empty() && !result.curve.lr.empty()) {
    report::write_picture({{result.dataset.path.empty() ? result.model.name : result.dataset.path, result}},
                          settings.plot);
  }
  return std::nullopt;
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
  if (settings.print_lr && result.suggestion.trusted) std::cout << report::Json(*result.suggestion.lr).dump() << "\n";
  return result.suggestion.trusted ? done : untrusted;
}

}  // namespace lrfind::command
