#include "experiment/batch_sizes.hpp"
#include <lrfind/error.hpp>

#include "analysis/lrfind_rule.hpp"
#include "analysis/power_law.hpp"
#include "experiment/analyse.hpp"
#include "platform/current_error.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lrfind::experiment {

namespace {

constexpr std::int64_t smallest_part = 8;  // images; accumulating smaller batches than this would take for ever

// One trial's turning point varies by about this much over seeds, in decades (15 sweeps of Fashion-MNIST at batch sizes
// 16 to 256: 0.03 to 0.09), and that knowledge counts as much as this many trials.
constexpr double usual_spread = 0.08;
constexpr double usual_spread_trials = 4;

struct Point {
  Trials trials;
  std::int64_t size = 0;
  std::int64_t accumulate = 1;
  double turn = report::not_measured;  ///< log10 of the rate at which alignment turns, mean over the trials
  double sd = 0;                       ///< of `turn`
};

void find_turn(Point& point) {
  std::vector<double> turns;
  for (const auto& run : point.trials.runs) {
    if (run.trial.lr.empty()) continue;
    if (const auto turn = analysis::landmarks_of(run.trial).alignment) turns.push_back(*turn);
  }
  if (turns.empty()) return;
  const auto n = static_cast<double>(turns.size());
  point.turn = std::accumulate(turns.begin(), turns.end(), 0.0) / n;
  double squares = usual_spread_trials * usual_spread * usual_spread;
  for (const double turn : turns) squares += (turn - point.turn) * (turn - point.turn);
  point.sd = std::sqrt(squares / (usual_spread_trials + n - 1) / n);
}

// Halves the batch until it fits into memory, accumulating as many parts as the size asks for.
Point sweep_at(TrialRunner& runner, const SuggestOptions& analysis, std::int64_t size, std::int64_t accumulate) {
  while (true) {
    try {
      Point point{.trials = runner.run(size / accumulate, static_cast<int>(accumulate), analysis),
                  .size = size,
                  .accumulate = accumulate};
      if (point.trials.failure) throw Error(*point.trials.failure);
      return point;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::device) throw;
      const bool can_halve = (size / accumulate) % 2 == 0 && size / accumulate / 2 >= smallest_part;
      if (!can_halve) throw;
      accumulate *= 2;
    }
  }
}

}  // namespace

namespace {

report::Json row_of(const Point& point, const Point& reference, const Suggestion& suggestion) {
  report::Json row{{"batch_size", point.size}, {"accumulate", point.accumulate}, {"trials", point.trials.runs.size()}};
  row["alignment_lr"] = nullptr;
  row["lr"] = nullptr;
  row["max_lr"] = nullptr;
  row["interval"] = nullptr;
  if (!std::isfinite(point.turn)) return row;
  row["alignment_lr"] = std::pow(10, point.turn);
  if (!std::isfinite(reference.turn) || !suggestion.lr || !suggestion.max_lr) return row;
  const double factor = std::pow(10, point.turn - reference.turn);
  const double half = 1.645 * point.sd;
  row["lr"] = *suggestion.lr * factor;
  row["max_lr"] = *suggestion.max_lr * factor;
  row["interval"] = {*suggestion.lr * factor * std::pow(10, -half), *suggestion.lr * factor * std::pow(10, half)};
  return row;
}

}  // namespace

BatchSizeStudy study_batch_sizes(TrialRunner& runner, const SweepSettings& settings,
                                 const std::vector<std::int64_t>& sizes, const SuggestOptions& analysis) {
  BatchSizeStudy study;
  const auto wanted = settings.session.recipe.batch_size;
  study.chosen_size = std::find(sizes.begin(), sizes.end(), wanted) == sizes.end() ? sizes.front() : wanted;
  std::vector<Point> points;
  study.complete = true;
  for (const auto size : sizes) {
    try {
      points.push_back(sweep_at(runner, analysis, size, settings.session.recipe.accumulate));
    } catch (...) {
      if (points.empty()) throw;
      study.failure = current_error();
      study.complete = false;
      break;
    }
    find_turn(points.back());
    study.complete = points.back().trials.complete;
    if (!study.complete) break;
  }
  auto chosen = std::find_if(points.begin(), points.end(), [&](const Point& p) { return p.size == study.chosen_size; });
  if (chosen == points.end()) chosen = points.begin();
  study.chosen_size = chosen->size;
  std::vector<Trial> trials;
  for (const auto& run : chosen->trials.runs) {
    const auto curve = curve_of(run.trial, settings.metric);
    if (!curve.lr.empty()) trials.push_back(curve);
  }
  const auto suggestion = trials.empty() ? Suggestion() : lrfind::suggest(trials, analysis);
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sd;
  for (const auto& point : points) {
    study.table.push_back(row_of(point, *chosen, suggestion));
    if (!std::isfinite(point.turn)) continue;
    x.push_back(static_cast<double>(point.size));
    y.push_back(std::pow(10, point.turn));
    sd.push_back(point.sd);
  }
  if (const auto law = analysis::fit_power_law(x, y, sd)) {
    study.exponent = {{"value", law->exponent}, {"interval", {law->interval.lo, law->interval.hi}}};
  }
  study.chosen = std::move(chosen->trials);
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
      rate = report::format_number(lr);
      const double part = highest > lowest ? std::log(lr / lowest) / std::log(highest / lowest) : 1;
      bar = std::string(static_cast<std::size_t>(std::lround(part * (room - 1))), ' ') + "*";
    }
    if (row["interval"].is_array()) {
      interval = report::format_number(row["interval"][0].get<double>()) + " to " +
                 report::format_number(row["interval"][1].get<double>());
    }
    table.add_row({std::to_string(row["batch_size"].get<std::int64_t>()), rate, interval, bar});
  }
  std::string text = "\n  Rate against batch size\n" + table.text(style.columns, 2);
  const auto exponent = result.sections.find("batch_exponent");
  if (exponent != result.sections.end() && exponent->is_object()) {
    const auto& interval = (*exponent)["interval"];
    text += "  The rate grows as batch size ^ " + report::format_number((*exponent)["value"].get<double>()) +
            " (90 %: " + report::format_number(interval[0].get<double>()) + " to " +
            report::format_number(interval[1].get<double>()) + "; 1 is the linear rule, 0.5 the square-root rule).\n";
  }
  return text;
}

}  // namespace lrfind::experiment
