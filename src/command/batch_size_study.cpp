#include "command/batch_size_study.hpp"

#include "analysis/power_law.hpp"
#include "command/interrupt.hpp"
#include "command/metric.hpp"
#include "report/table.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace lrfind::command {

namespace {

constexpr std::int64_t smallest_part = 8;  // images; accumulating smaller batches than this would take for ever

struct Point {
  Trials trials;
  std::int64_t accumulate = 1;
};

// Halves the batch until it fits into memory, accumulating as many parts as the size asks for.
Point sweep_at(TrialRunner& runner, const SuggestOptions& analysis, std::int64_t size, std::int64_t accumulate) {
  while (true) {
    try {
      Point point{runner.run(size / accumulate, static_cast<int>(accumulate), analysis), accumulate};
      if (point.trials.failure) std::rethrow_exception(point.trials.failure);
      return point;
    } catch (const train::DeviceError&) {
      const bool can_halve = (size / accumulate) % 2 == 0 && size / accumulate / 2 >= smallest_part;
      if (!can_halve) throw;
      accumulate *= 2;
    }
  }
}

std::string short_number(double value) {
  std::ostringstream text;
  text.precision(3);
  text << value;
  return text.str();
}

}  // namespace

BatchSizeStudy study_batch_sizes(TrialRunner& runner, const SweepSettings& settings,
                                 const std::vector<std::int64_t>& sizes) {
  BatchSizeStudy study;
  auto analysis = suggest_options(settings);
  analysis.optimizer.clear();
  const auto wanted = settings.session.recipe.batch_size;
  study.chosen_size = std::find(sizes.begin(), sizes.end(), wanted) == sizes.end() ? sizes.front() : wanted;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sd;
  for (const auto size : sizes) {
    if (interrupt_requested()) return study;
    Point point;
    try {
      point = sweep_at(runner, analysis, size, settings.session.recipe.accumulate);
    } catch (const std::exception&) {
      if (x.empty()) throw;
      study.failure = std::current_exception();
      return study;
    }
    report::Result at_size;
    for (const auto& run : point.trials.runs) at_size.trials.push_back(run.trial);
    at_size.complete = point.trials.complete;
    analyse(at_size, analysis, settings.metric);
    const auto& suggestion = at_size.suggestion;
    report::Json row{{"batch_size", size},
                     {"accumulate", point.accumulate},
                     {"lr", suggestion.lr ? report::Json(*suggestion.lr) : report::Json()},
                     {"max_lr", suggestion.max_lr ? report::Json(*suggestion.max_lr) : report::Json()},
                     {"interval", nullptr},
                     {"trials", point.trials.runs.size()},
                     {"trusted", suggestion.trusted}};
    if (suggestion.interval) row["interval"] = {suggestion.interval->lo, suggestion.interval->hi};
    study.table.push_back(row);
    if (suggestion.trusted && suggestion.lr && suggestion.interval) {
      x.push_back(static_cast<double>(size));
      y.push_back(*suggestion.lr);
      // The interval is 90 % wide: 1.645 standard deviations to each side.
      sd.push_back(std::max(0.01, std::log10(suggestion.interval->hi / suggestion.interval->lo) / 2 / 1.645));
    }
    const bool complete = point.trials.complete;
    if (size == study.chosen_size) study.chosen = std::move(point.trials);
    if (!complete) return study;
  }
  study.complete = true;
  if (const auto law = analysis::fit_power_law(x, y, sd)) {
    study.exponent = {{"value", law->exponent}, {"interval", {law->interval.lo, law->interval.hi}}};
  }
  return study;
}

std::string batch_size_text(const report::Result& result, const report::TerminalStyle& style) {
  const auto rows = result.sections.find("batch_sizes");
  if (rows == result.sections.end() || !rows->is_array() || rows->empty()) return "";
  double lowest = HUGE_VAL;
  double highest = 0;
  for (const auto& row : *rows) {
    if (!row["lr"].is_number()) continue;
    lowest = std::min(lowest, row["lr"].get<double>());
    highest = std::max(highest, row["lr"].get<double>());
  }
  const int room = std::clamp(style.columns - 54, 8, 40);
  report::Table table({{"batch", report::Align::right}, {"lr", report::Align::right}, {"90 % interval"}, {""}});
  for (const auto& row : *rows) {
    std::string bar;
    std::string rate = "none";
    std::string interval;
    if (row["lr"].is_number()) {
      const double lr = row["lr"].get<double>();
      rate = short_number(lr) + (row["trusted"].get<bool>() ? "" : " ?");
      const double part = highest > lowest ? std::log(lr / lowest) / std::log(highest / lowest) : 1;
      bar = std::string(static_cast<std::size_t>(std::lround(part * (room - 1))), ' ') + "*";
    }
    if (row["interval"].is_array()) {
      interval =
          short_number(row["interval"][0].get<double>()) + " to " + short_number(row["interval"][1].get<double>());
    }
    table.add_row({std::to_string(row["batch_size"].get<std::int64_t>()), rate, interval, bar});
  }
  std::string text = "\n  Rate against batch size (from the curves alone)\n" + table.text(style.columns, 2);
  const auto exponent = result.sections.find("batch_exponent");
  if (exponent != result.sections.end() && exponent->is_object()) {
    const auto& interval = (*exponent)["interval"];
    text += "  The rate grows as batch size ^ " + short_number((*exponent)["value"].get<double>()) +
            " (90 %: " + short_number(interval[0].get<double>()) + " to " + short_number(interval[1].get<double>()) +
            "; 1 is the linear rule, 0.5 the square-root rule).\n";
  }
  return text;
}

}  // namespace lrfind::command
