#include "report/reasons.hpp"

#include <string>

#include "analysis/smoothed_losses.hpp"
#include "report/text.hpp"

namespace lrfind::report {
namespace {

std::string advice_on_smoothing(const Reason& reason) {
  const std::string advice = "if they are smoothed, give --smoothing 0 or, better, the raw losses";
  return reason.values.at("lags") == 0 ? advice : advice + ": " + std::string(analysis::lag_of_averages);
}

std::string advice_with_flags(const Reason& reason) {
  const std::string& code = reason.code;
  if (code == "too-few-points")
    return reason.values.contains("needed") ? "raise --steps" : "raise --steps or choose another --rule";
  if (code == "diverged-from-start")
    return "lower --min-lr, for example by a factor of " + format_number(reason.values.at("factor"));
  if (code == "still-falling") return "raise --max-lr, for example to " + format_number(reason.values.at("max_lr"));
  if (code == "never-fell") return "raise --max-lr or --batch-size, or check the labels and the model";
  if (code == "too-noisy" || code == "trials-disagree") return "raise --batch-size, --steps or --trials";
  if (code == "random-labels") return "check that the labels belong to their images, or raise --steps or --batch-size";
  if (code == "outside-descent") return "choose another --rule or raise --trials";
  if (code == "few-images") return "lower --batch-size or --steps, or add images";
  if (code == "looks-smoothed") return advice_on_smoothing(reason);
  if (code == "low-start") return "give the raw losses, leave out the first ten points, or lower --min-lr";
  return reason.advice;
}

}  // namespace

Suggestion with_flags(Suggestion suggestion) {
  for (Reason& reason : suggestion.reasons) {
    if (reason.advice.empty()) continue;
    if (reason.message.ends_with('.')) reason.message.pop_back();
    reason.message += "; " + advice_with_flags(reason) + ".";
    reason.advice.clear();
  }
  return suggestion;
}

}  // namespace lrfind::report
