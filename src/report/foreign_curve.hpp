// What curves of other tools have in common, whether they come as CSV or as JSON: names of their columns, words for
// what is missing, and what makes one a sweep.
#pragma once

#include <lrfind/curve.hpp>
#include <lrfind/error.hpp>
#include "report/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

/// Which of several named columns are the learning rate and the loss.
struct CurveColumns {
  std::optional<std::size_t> lr, loss;
};

/// Picks by name, whatever its case and punctuation: lr, lrs, learning_rate, "Learning Rate", lr-SGD; loss, losses,
/// train_loss, batch_loss. The plainest name goes first. Throws Error (data) where two names fit equally well.
CurveColumns curve_columns(const std::vector<std::string>& names, const std::string& source);

/// The names in quotes, separated by commas, for messages; long lists and names are cut.
std::string quoted_names(const std::vector<std::string>& names);

/// A number, in C's notation or with a decimal comma; NaN for empty text and for NA, NaN, null, None and the like.
/// Nothing for other text.
std::optional<double> number_of(std::string_view text);

/// Throws Error (data) unless the rates are above 0 and each above the one before. `place` says where an entry stands,
/// e.g. "line 3 of 'lr.csv'".
void require_rising(const std::vector<double>& rates, const std::function<std::string(std::size_t)>& place);

/// Throws Error (data) unless any loss is finite.
void require_losses(const std::vector<double>& losses, const std::string& source);

/// A curve from JSON: an object of arrays (Lightning, ignite, torch-lr-finder, fastai), a list of records, or what
/// pandas makes of a table; also one or two levels further down. `source` names it in messages. Throws Error (data).
Trial curve_from_json(const Json& json, const std::string& source);

/// JSON as other tools write it: NaN and Infinity stand for what was not measured, and several lines of one object each
/// become their list. Throws Error (data).
Json parse_foreign_json(std::string_view text, const std::string& source);

}  // namespace lrfind::report
