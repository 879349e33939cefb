#include "report/summary.hpp"

#include "platform/excerpt.hpp"
#include "platform/text.hpp"
#include "report/canvas.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::report {
namespace {

constexpr int indent = 2;

int width_of(const TerminalStyle& style) { return std::clamp(style.columns, 40, 100); }

// "  Learning rate  0.0123   90 % interval 0.008 to 0.017"
std::string line(const std::string& name, const std::string& value, const std::string& remark,
                 const TerminalStyle& style) {
  constexpr int name_columns = 17;
  constexpr int value_columns = 8;
  const std::string start = std::string(indent, ' ') + padded_right(name, name_columns);
  const std::string shown = coloured(value, Colour::bold, style.colour);
  if (remark.empty()) return start + shown + '\n';
  const int column = indent + name_columns + value_columns + 2;
  const bool fits = column + display_width(remark) <= width_of(style) && display_width(value) <= value_columns;
  if (!fits) return start + shown + '\n' + wrapped(remark, width_of(style), indent + name_columns);
  return start + shown +
         std::string(static_cast<std::size_t>(column - indent - name_columns - display_width(value)), ' ') + remark +
         '\n';
}

std::string use(const Suggestion& suggestion) {
  std::vector<std::string> ways;
  if (suggestion.lr) ways.push_back("hold lr = " + format_rate(*suggestion.lr) + " constant");
  if (suggestion.max_lr) {
    ways.push_back("give a one-cycle, cosine or otherwise decaying schedule its peak at " +
                   format_rate(*suggestion.max_lr));
  }
  if (suggestion.min_lr && suggestion.max_lr) {
    ways.push_back("cycle between " + format_rate(*suggestion.min_lr) + " and " + format_rate(*suggestion.max_lr));
  }
  std::string text = ways.size() > 1 ? "Either " : "";
  for (std::size_t i = 0; i < ways.size(); ++i) {
    if (i > 0) text += i + 1 == ways.size() ? ", or " : ", ";
    text += ways[i];
  }
  text[0] = static_cast<char>(text[0] == 'h' ? 'H' : text[0] == 'g' ? 'G' : text[0]);
  return text + '.';
}

// "Plan, epochs      3.19   300 updates assumed; --plan-epochs says yours"
std::string plan_lines(const PlannedRates& rates, const TerminalStyle& style) {
  const Plan& plan = rates.plan;
  const std::string updates = format_count(std::llround(plan.steps));
  std::vector<std::string> remarks;
  if (!plan.schedule.empty()) remarks.push_back(printable(excerpt(plan.schedule)));
  if (plan.epochs) remarks.push_back(updates + " updates");
  if (plan.assumed) remarks.emplace_back("assumed (--plan-epochs)");
  std::string text = plan.epochs ? line("Plan, epochs", format_number(*plan.epochs), joined(remarks), style)
                                 : line("Plan, updates", updates, joined(remarks), style);
  if (!rates.longer_lr || !rates.longer_max_lr) return text;
  return text + line("Ten times longer", format_rate(*rates.longer_lr),
                     "constant, " + format_rate(*rates.longer_max_lr) + " as a peak", style);
}

std::string suggestion_lines(const Suggestion& suggestion, const TerminalStyle& style) {
  std::vector<std::string> remarks;
  if (suggestion.interval) {
    remarks.push_back("90 % interval " + format_rate(suggestion.interval->lo) + " to " +
                      format_rate(suggestion.interval->hi));
  }
  remarks.push_back("rule " + printable(excerpt(suggestion.rule)));
  std::string text = line("Learning rate", format_rate(*suggestion.lr), joined(remarks), style);
  if (suggestion.max_lr) {
    text += line("Peak", format_rate(*suggestion.max_lr), "for one-cycle, cosine, decay", style);
  }
  if (suggestion.min_lr && suggestion.max_lr) {
    text += line("Cycle", format_rate(*suggestion.min_lr) + " to " + format_rate(*suggestion.max_lr), "", style);
  }
  if (suggestion.plan) text += plan_lines(*suggestion.plan, style);
  return text + '\n' + wrapped(use(suggestion), width_of(style), indent);
}

std::string sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (!text.empty() && std::string_view(".!?").find(text.back()) == std::string_view::npos) text += '.';
  return text;
}

std::string warning(const std::string& message, const TerminalStyle& style, bool grave = false) {
  const std::string_view word = grave ? "Not trusted:" : "Warning:";
  std::string text = wrapped(sentence(printable(readable_length(message))), width_of(style), indent + 2,
                             std::string(indent, ' ') + std::string(word) + ' ');
  if (style.colour) text.replace(indent, word.size(), coloured(word, grave ? Colour::red : Colour::orange, true));
  return text;
}

// "3 of the images could not be read and were left out, e.g. a.jpg (truncated), b.jpg (empty)."
std::string files_message(const std::vector<FileProblem>& files, const std::string& what) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> examples;
  for (std::size_t i = 0; i < std::min(shown, files.size()); ++i) {
    examples.push_back(files[i].path + (files[i].error.empty() ? "" : " (" + files[i].error + ")"));
  }
  const std::string images =
      files.size() == 1 ? "1 image " : format_count(static_cast<std::int64_t>(files.size())) + " images ";
  const std::string which = files.size() > shown ? ", e.g. " : ": ";
  return images + what + which + joined(examples) + (files.size() > shown ? "; the result names them all." : ".");
}

}  // namespace

std::string warnings(const Result& result, const TerminalStyle& style) {
  std::string text;
  for (const Reason& reason : result.suggestion.reasons) text += warning(reason.message, style, reason.fatal);
  const bool said = std::any_of(result.suggestion.reasons.begin(), result.suggestion.reasons.end(),
                                [](const Reason& reason) { return reason.code == "incomplete"; });
  if (!result.complete && !said)
    text += warning("The run was interrupted; this is what was measured until then.", style);
  const Dataset& data = result.dataset;
  if (!data.unreadable.empty()) {
    text += warning(
        files_message(data.unreadable, "could not be read and " +
                                           std::string(data.unreadable.size() == 1 ? "was" : "were") + " left out"),
        style);
  }
  if (!data.misnamed.empty()) {
    text += warning(files_message(data.misnamed, "of another format than the name says"), style);
  }
  for (const std::string& note : data.notes) text += warning(note, style);
  return text;
}

std::string summary(const Result& result, const TerminalStyle& style) {
  const Suggestion& suggestion = result.suggestion;
  std::string text = suggestion.lr
                         ? suggestion_lines(suggestion, style)
                         : wrapped("No learning rate can be suggested from this curve.", width_of(style), indent);
  const std::string beware = warnings(result, style);
  return beware.empty() ? text : text + '\n' + beware;
}

}  // namespace lrfind::report
