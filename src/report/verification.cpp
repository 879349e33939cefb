#include "report/verification.hpp"

#include "analysis/statistics.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace lrfind::report {

namespace {

Spread spread_of(const Candidate& candidate, double TrainingRun::*value) {
  std::vector<double> values;
  for (const auto& run : candidate.runs) {
    if (std::isfinite(run.*value)) values.push_back(run.*value);
  }
  if (values.empty()) return {};
  return {.mean = analysis::mean(values),
          .deviation = values.size() < 2 ? not_measured : analysis::standard_deviation(values),
          .count = static_cast<int>(values.size())};
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  return buffer.data();
}

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }
std::string points(double share) {
  return fixed(100 * share, 1) + (fixed(100 * share, 1) == "1.0" ? " point" : " points");
}

// The worst end of a candidate's runs: one that was pruned once was pruned.
RunEnd end_of(const Candidate& candidate) {
  RunEnd end = RunEnd::completed;
  for (const auto& run : candidate.runs) end = std::max(end, run.end);
  return end;
}

const Candidate* suggested_of(const ScheduleResult& result) {
  for (const auto& candidate : result.candidates) {
    if (candidate.suggested) return &candidate;
  }
  return nullptr;
}

Json candidate_json(const Candidate& candidate) {
  const auto accuracy = accuracy_of(candidate);
  const auto loss = loss_of(candidate);
  Json json;
  json["lr"] = candidate.lr;
  json["factor"] = number_or_null(candidate.factor);
  json["suggested"] = candidate.suggested;
  json["status"] = candidate.runs.empty() ? "interrupted" : std::string(to_string(end_of(candidate)));
  json["val_accuracy"] = number_or_null(accuracy.mean);
  json["val_accuracy_std"] = number_or_null(accuracy.deviation);
  json["val_loss"] = number_or_null(loss.mean);
  json["val_loss_std"] = number_or_null(loss.deviation);
  json["runs"] = Json::array();
  for (const auto& run : candidate.runs) {
    json["runs"].push_back({{"seed", run.seed},
                            {"steps", run.steps},
                            {"status", std::string(to_string(run.end))},
                            {"train_loss", number_or_null(run.train_loss)},
                            {"val_loss", number_or_null(run.val_loss)},
                            {"val_accuracy", number_or_null(run.val_accuracy)}});
  }
  return json;
}

Json schedule_json(const ScheduleResult& result) {
  Json json;
  json["lr_schedule"] = std::string(train::to_string(result.schedule.kind));
  json["suggested_lr"] = nullptr;
  json["best_lr"] = nullptr;
  json["held"] = nullptr;
  if (const auto* suggested = suggested_of(result)) {
    json["suggested_lr"] = suggested->lr;
    json["held"] = result.held;
  }
  if (result.best) json["best_lr"] = result.candidates[*result.best].lr;
  if (result.selected) json["selected_lr"] = result.candidates[*result.selected].lr;
  json["noise"] = number_or_null(result.noise);
  json["candidates"] = Json::array();
  for (const auto& candidate : result.candidates) json["candidates"].push_back(candidate_json(candidate));
  return json;
}

// The schedule whose best candidate is best of all.
const ScheduleResult* best_of_all(const Verification& verification) {
  const ScheduleResult* best = nullptr;
  const auto accuracy = [](const ScheduleResult& r) { return accuracy_of(r.candidates[*r.best]).mean; };
  for (const auto& result : verification.schedules) {
    if (result.best && (best == nullptr || accuracy(result) > accuracy(*best))) best = &result;
  }
  return best;
}

std::string outcome(const ScheduleResult& result) {
  const std::string name(train::to_string(result.schedule.kind));
  if (!result.best) return name + ": no candidate was trained to its end";
  const auto& best = result.candidates[*result.best];
  const auto best_accuracy = accuracy_of(best).mean;
  const std::string best_text = format_rate(best.lr) + " with " + percent(best_accuracy);
  const auto* suggested = suggested_of(result);
  if (suggested == nullptr) return name + ": best is " + best_text;
  const double accuracy = accuracy_of(*suggested).mean;
  const std::string rate = format_rate(suggested->lr);
  if (!std::isfinite(accuracy))
    return name + ": the suggestion " + rate + " was not trained to its end; best is " + best_text;
  if (&best == suggested) return name + ": the suggestion " + rate + " held; it is the best, " + percent(accuracy);
  const std::string lost = points(best_accuracy - accuracy) + " below the best, " + best_text;
  if (result.held) {
    return name + ": the suggestion " + rate + " held: " + percent(accuracy) + " is " + lost + ", and up to " +
           points(2 * result.noise) + " are noise";
  }
  return name + ": the suggestion " + rate + " did not hold: " + percent(accuracy) + " is " + lost +
         (result.selected ? "" : "; take " + format_rate(best.lr));
}

std::string sentence(const ScheduleResult& result) {
  if (!result.selected) return outcome(result);
  return outcome(result) + "; take " + format_rate(result.candidates[*result.selected].lr) +
         ", next to where a curve through all of them peaks";
}

}  // namespace

std::string_view to_string(RunEnd end) {
  switch (end) {
    case RunEnd::completed:
      return "completed";
    case RunEnd::diverged:
      return "diverged";
    case RunEnd::pruned:
      return "pruned";
    case RunEnd::interrupted:
      break;
  }
  return "interrupted";
}

Spread accuracy_of(const Candidate& candidate) { return spread_of(candidate, &TrainingRun::val_accuracy); }
Spread loss_of(const Candidate& candidate) { return spread_of(candidate, &TrainingRun::val_loss); }

Json verification_json(const Verification& verification) {
  Json json;
  json["complete"] = verification.complete;
  json["steps"] = verification.steps;
  json["warmup"] = verification.warmup;
  json["evaluations"] = verification.evaluations;
  json["seeds"] = verification.seeds;
  json["val_images"] = verification.val_images;
  json["best"] = nullptr;
  if (const auto* best = best_of_all(verification)) {
    const auto& candidate = best->candidates[*best->best];
    json["best"] = {{"lr_schedule", std::string(train::to_string(best->schedule.kind))},
                    {"lr", candidate.lr},
                    {"val_accuracy", number_or_null(accuracy_of(candidate).mean)},
                    {"val_loss", number_or_null(loss_of(candidate).mean)}};
  }
  json["lr_schedules"] = Json::array();
  for (const auto& result : verification.schedules) json["lr_schedules"].push_back(schedule_json(result));
  return json;
}

std::string verification_table(const Verification& verification) {
  Table table({{"schedule"},
               {"lr", Align::right},
               {"factor", Align::right},
               {"val_accuracy", Align::right},
               {"val_accuracy_std", Align::right},
               {"val_loss", Align::right},
               {"seeds", Align::right},
               {"status"},
               {"mark"}});
  for (const auto& result : verification.schedules) {
    for (std::size_t i = 0; i < result.candidates.size(); ++i) {
      const auto& candidate = result.candidates[i];
      if (candidate.runs.empty()) continue;
      const auto accuracy = accuracy_of(candidate);
      std::string mark = candidate.suggested ? "suggested" : "";
      if (result.best == i) mark += mark.empty() ? "best" : ",best";
      if (result.selected == i) mark += mark.empty() ? "selected" : ",selected";
      table.add_row({std::string(train::to_string(result.schedule.kind)), format_rate(candidate.lr),
                     std::isfinite(candidate.factor) ? format_rate(candidate.factor) : "-", fixed(accuracy.mean, 4),
                     fixed(accuracy.deviation, 4), format_loss(loss_of(candidate).mean), std::to_string(accuracy.count),
                     std::string(to_string(end_of(candidate))), mark.empty() ? "-" : mark});
    }
  }
  return table.text();
}

std::string verification_summary(const Verification& verification, int columns) {
  std::string text;
  for (const auto& result : verification.schedules) text += wrapped(sentence(result), columns, 2, "");
  const auto* best = best_of_all(verification);
  if (best != nullptr && verification.schedules.size() > 1) {
    std::string line = "best of all: " + std::string(train::to_string(best->schedule.kind)) + " at " +
                       format_rate(best->candidates[*best->best].lr);
    for (const auto& result : verification.schedules) {
      if (result.schedule.kind != train::ScheduleKind::constant || &result == best || !result.best) continue;
      line +=
          ", " +
          points(accuracy_of(best->candidates[*best->best]).mean - accuracy_of(result.candidates[*result.best]).mean) +
          " above the best constant rate";
    }
    text += wrapped(line, columns, 2, "");
  }
  if (!verification.complete) text += "interrupted: this is what was measured\n";
  return text;
}

}  // namespace lrfind::report
