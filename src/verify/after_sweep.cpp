#include "verify/after_sweep.hpp"
#include <lrfind/error.hpp>

#include "report/text.hpp"
#include "verify/verify.hpp"

#include <algorithm>

namespace lrfind::verify {

using experiment::SweepSettings;

namespace {

report::Json rates_json(const Suggestion& suggestion) {
  report::Json json = {{"lr", report::number_or_null(suggestion.lr)}, {"interval", nullptr}};
  if (suggestion.interval) json["interval"] = {suggestion.interval->lo, suggestion.interval->hi};
  json["min_lr"] = report::number_or_null(suggestion.min_lr);
  json["max_lr"] = report::number_or_null(suggestion.max_lr);
  return json;
}

// Twice the sweep's steps, but no more than a few passes over the images: beyond, how well they are memorised
// would decide. Half the sweep's steps at least.
int usual_steps(const SweepSettings& settings, const data::Dataset& dataset, std::int64_t images_per_step) {
  constexpr double passes = 6;
  return static_cast<int>(std::clamp<std::int64_t>(run_length(0, passes, dataset, images_per_step),
                                                   (*settings.steps + 1) / 2, 2 * *settings.steps));
}

VerifyOptions options_of(const SweepSettings& settings, std::int64_t batch_size, const Session& session) {
  const auto& dataset = session.dataset();
  VerifyOptions options;
  options.batch_size = batch_size;
  options.schedules = {"constant", "one-cycle"};
  options.factors = {1.0 / 3, 1, 3};
  const std::int64_t images_per_step = session.images_per_step(batch_size);
  const bool chosen = settings.verify_steps > 0 || settings.verify_epochs > 0;
  options.steps = chosen ? run_length(settings.verify_steps, settings.verify_epochs, dataset, images_per_step)
                         : usual_steps(settings, dataset, images_per_step);
  options.extend = true;
  options.refine = true;
  options.val_limit = 2000;
  options.evaluations = 4;
  return options;
}

bool any_completed(const ScheduleResult& result) {
  for (const auto& candidate : result.candidates) {
    for (const auto& run : candidate.runs) {
      if (run.end == RunEnd::completed) return true;
    }
  }
  return false;
}

void note_failure(report::Result& result, const Verification& verification) {
  for (const auto& schedule : verification.schedules) {
    if (any_completed(schedule)) continue;
    result.suggestion.trusted = false;
    result.suggestion.reasons.push_back(
        {"verification-failed",
         "no short training at the suggested rate or its neighbours reached its end on schedule " +
             std::string(train::to_string(schedule.schedule.kind)) + "; lower --min-lr and --max-lr and sweep again",
         true});
    return;
  }
}

}  // namespace

void require_validation_images(const Session& session) {
  if (session.dataset().val.empty()) throw usage_error("--verify needs validation images; raise --val-split above 0");
}

std::optional<Verification> verify_sweep(const SweepSettings& settings, std::int64_t batch_size, Session& session,
                                         report::Result& result, const report::ProgressTarget& progress) {
  if (!result.complete || !result.suggestion.lr) return std::nullopt;
  const auto options = options_of(settings, batch_size, session);
  const auto verification = verify_rates(session, result.suggestion, options, progress);
  auto section = report::verification_json(verification);
  section["unverified"] = rates_json(result.suggestion);
  result.sections["verify"] = section;
  result.timing.more["verify_s"] = verification.seconds;
  if (verification.failure) return verification;
  if (!verification.complete) {
    result.complete = false;
    return verification;
  }
  result.suggestion = verified(result.suggestion, verification);
  note_failure(result, verification);
  return verification;
}

}  // namespace lrfind::verify
