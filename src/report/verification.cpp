#include "report/table.hpp"
#include "report/text.hpp"
#include "verify/verify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace lrfind::command {

namespace {

using report::Json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

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

// The worst end of a candidate's runs: one that was dropped once was dropped.
RunEnd end_of(const Candidate& candidate) {
  RunEnd end = RunEnd::completed;
  for (const auto& run : candidate.runs) end = std::max(end, run.end);
  return end;
}

const Candidate* suggested_of(const ScheduleVerdict& verdict) {
  for (const auto& candidate : verdict.candidates) {
    if (candidate.suggested) return &candidate;
  }
  return nullptr;
}

Json candidate_json(const Candidate& candidate) {
  const auto accuracy = accuracy_of(candidate);
  const auto loss = loss_of(candidate);
  Json json;
  json["lr"] = candidate.lr;
  json["factor"] = number(candidate.factor);
  json["suggested"] = candidate.suggested;
  json["status"] = candidate.runs.empty() ? "interrupted" : std::string(to_string(end_of(candidate)));
  json["val_accuracy"] = number(accuracy.mean);
  json["val_accuracy_std"] = number(accuracy.deviation);
  json["val_loss"] = number(loss.mean);
  json["val_loss_std"] = number(loss.deviation);
  json["runs"] = Json::array();
  for (const auto& run : candidate.runs) {
    json["runs"].push_back({{"seed", run.seed},
                            {"steps", run.steps},
                            {"status", std::string(to_string(run.end))},
                            {"train_loss", number(run.train_loss)},
                            {"val_loss", number(run.val_loss)},
                            {"val_accuracy", number(run.val_accuracy)}});
  }
  return json;
}

Json verdict_json(const ScheduleVerdict& verdict) {
  Json json;
  json["lr_schedule"] = std::string(train::to_string(verdict.schedule.kind));
  json["suggested_lr"] = nullptr;
  json["best_lr"] = nullptr;
  json["held"] = nullptr;
  if (const auto* suggested = suggested_of(verdict)) {
    json["suggested_lr"] = suggested->lr;
    json["held"] = verdict.held;
  }
  if (verdict.best) json["best_lr"] = verdict.candidates[*verdict.best].lr;
  if (verdict.winner) json["winner_lr"] = verdict.candidates[*verdict.winner].lr;
  json["noise"] = number(verdict.noise);
  json["candidates"] = Json::array();
  for (const auto& candidate : verdict.candidates) json["candidates"].push_back(candidate_json(candidate));
  return json;
}

// The schedule whose best candidate is best of all.
const ScheduleVerdict* best_of_all(const Verification& verification) {
  const ScheduleVerdict* best = nullptr;
  const auto accuracy = [](const ScheduleVerdict& v) { return accuracy_of(v.candidates[*v.best]).mean; };
  for (const auto& verdict : verification.schedules) {
    if (verdict.best && (best == nullptr || accuracy(verdict) > accuracy(*best))) best = &verdict;
  }
  return best;
}

std::string outcome(const ScheduleVerdict& verdict) {
  const std::string name(train::to_string(verdict.schedule.kind));
  if (!verdict.best) return name + ": no candidate was trained to its end";
  const auto& best = verdict.candidates[*verdict.best];
  const auto best_accuracy = accuracy_of(best).mean;
  const std::string best_text = report::format_rate(best.lr) + " with " + percent(best_accuracy);
  const auto* suggested = suggested_of(verdict);
  if (suggested == nullptr) return name + ": best is " + best_text;
  const double accuracy = accuracy_of(*suggested).mean;
  const std::string rate = report::format_rate(suggested->lr);
  if (!std::isfinite(accuracy))
    return name + ": the suggestion " + rate + " was not trained to its end; best is " + best_text;
  if (&best == suggested) return name + ": the suggestion " + rate + " held; it is the best, " + percent(accuracy);
  const std::string lost = points(best_accuracy - accuracy) + " below the best, " + best_text;
  if (verdict.held) {
    return name + ": the suggestion " + rate + " held: " + percent(accuracy) + " is " + lost + ", and up to " +
           points(2 * verdict.noise) + " are noise";
  }
  return name + ": the suggestion " + rate + " did not hold: " + percent(accuracy) + " is " + lost +
         (verdict.winner ? "" : "; take " + report::format_rate(best.lr));
}

std::string sentence(const ScheduleVerdict& verdict) {
  if (!verdict.winner) return outcome(verdict);
  return outcome(verdict) + "; take " + report::format_rate(verdict.candidates[*verdict.winner].lr) +
         ", next to where a curve through all of them peaks";
}

}  // namespace

Json verification_json(const Verification& verification) {
  const auto& options = verification.options;
  Json json;
  json["complete"] = verification.complete;
  json["steps"] = options.steps;
  json["warmup"] = options.warmup;
  json["evaluations"] = options.evaluations;
  json["seeds"] = options.seeds;
  json["val_images"] = verification.val_images;
  json["best"] = nullptr;
  if (const auto* best = best_of_all(verification)) {
    const auto& candidate = best->candidates[*best->best];
    json["best"] = {{"lr_schedule", std::string(train::to_string(best->schedule.kind))},
                    {"lr", candidate.lr},
                    {"val_accuracy", number(accuracy_of(candidate).mean)},
                    {"val_loss", number(loss_of(candidate).mean)}};
  }
  json["lr_schedules"] = Json::array();
  for (const auto& verdict : verification.schedules) json["lr_schedules"].push_back(verdict_json(verdict));
  return json;
}

std::string verification_table(const Verification& verification) {
  using report::Align;
  report::Table table({{"schedule"},
                       {"lr", Align::right},
                       {"factor", Align::right},
                       {"val_accuracy", Align::right},
                       {"val_accuracy_std", Align::right},
                       {"val_loss", Align::right},
                       {"seeds", Align::right},
                       {"status"},
                       {"mark"}});
  for (const auto& verdict : verification.schedules) {
    for (std::size_t i = 0; i < verdict.candidates.size(); ++i) {
      const auto& candidate = verdict.candidates[i];
      if (candidate.runs.empty()) continue;
      const auto accuracy = accuracy_of(candidate);
      std::string mark = candidate.suggested ? "suggested" : "";
      if (verdict.best == i) mark += mark.empty() ? "best" : ",best";
      if (verdict.winner == i) mark += mark.empty() ? "winner" : ",winner";
      table.add_row({std::string(train::to_string(verdict.schedule.kind)), report::format_rate(candidate.lr),
                     std::isfinite(candidate.factor) ? report::format_rate(candidate.factor) : "-",
                     fixed(accuracy.mean, 4), fixed(accuracy.deviation, 4),
                     report::format_loss(loss_of(candidate).mean), std::to_string(accuracy.count),
                     std::string(to_string(end_of(candidate))), mark.empty() ? "-" : mark});
    }
  }
  return table.text();
}

std::string verification_summary(const Verification& verification, int columns) {
  std::string text;
  for (const auto& verdict : verification.schedules) text += report::wrapped(sentence(verdict), columns, 2, "");
  const auto* best = best_of_all(verification);
  if (best != nullptr && verification.schedules.size() > 1) {
    std::string line = "best of all: " + std::string(train::to_string(best->schedule.kind)) + " at " +
                       report::format_rate(best->candidates[*best->best].lr);
    for (const auto& verdict : verification.schedules) {
      if (verdict.schedule.kind != train::ScheduleKind::constant || &verdict == best || !verdict.best) continue;
      line += ", " +
              points(accuracy_of(best->candidates[*best->best]).mean -
                     accuracy_of(verdict.candidates[*verdict.best]).mean) +
              " above the best constant rate";
    }
    text += report::wrapped(line, columns, 2, "");
  }
  if (!verification.complete) text += "interrupted: this is what was measured\n";
  return text;
}

Suggestion verified(const Suggestion& suggestion, const Verification& verification) {
  Suggestion result = suggestion;
  for (const auto& verdict : verification.schedules) {
    if (!verdict.winner) continue;
    const double lr = verdict.candidates[*verdict.winner].lr;
    if (verdict.schedule.kind == train::ScheduleKind::constant) {
      result.lr = lr;
      result.interval = Interval{std::min(lr, verdict.winner_interval->lo), std::max(lr, verdict.winner_interval->hi)};
    } else {
      result.max_lr = lr;
    }
  }
  if (result.lr && result.max_lr) result.max_lr = std::max(*result.lr, *result.max_lr);
  if (result.lr && result.min_lr) result.min_lr = std::min(*result.lr, *result.min_lr);
  return result;
}

}  // namespace lrfind::command
