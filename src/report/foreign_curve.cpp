#include "report/foreign_curve.hpp"
#include <lrfind/error.hpp>

#include "analysis/text.hpp"
#include "platform/text.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace lrfind::report {
namespace {

using Names = std::vector<std::vector<std::string_view>>;  // the plainest first

const Names& rate_names() {
  static const Names names = {{"lr", "lrs"},
                              {"learningrate", "learningrates"},
                              {"trainlr", "currentlr", "lrsgd", "lradam", "lradamw", "lrnadam", "lrradam", "lrrmsprop",
                               "lradagrad", "lrlion", "lrlars", "lrlamb"}};
  return names;
}

const Names& loss_names() {
  static const Names names = {{"loss", "losses"},
                              {"rawloss", "rawlosses"},
                              {"trainloss", "trainlosses", "trainingloss", "traininglosses"},
                              {"batchloss", "batchlosses", "trainlossstep", "lossstep", "steploss"}};
  return names;
}

std::string without_punctuation(std::string_view name) {
  std::string result;
  for (const char letter : lower_case(name)) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) result += letter;
  }
  return result;
}

std::optional<std::size_t> plainest(const std::vector<std::string>& names, const Names& wanted,
                                    const std::string& source) {
  for (const auto& spellings : wanted) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string plain = without_punctuation(names[i]);
      if (std::find(spellings.begin(), spellings.end(), plain) != spellings.end()) found.push_back(i);
    }
    if (found.size() > 1) {
      throw data_error("'" + source + "' has both " + quoted_names({names[found[0]]}) + " and " +
                       quoted_names({names[found[1]]}) + ", and which of them is meant is not clear; leave one out");
    }
    if (!found.empty()) return found.front();
  }
  return std::nullopt;
}

bool stands_for_missing(const std::string& word) {
  constexpr std::array<std::string_view, 11> words = {"",     "na",   "n/a", "#n/a", "nan", "-nan",
                                                      "null", "none", "nil", "<na>", "-"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

CurveColumns curve_columns(const std::vector<std::string>& names, const std::string& source) {
  return {plainest(names, rate_names(), source), plainest(names, loss_names(), source)};
}

std::string quoted_names(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 8;
  constexpr int columns = 30;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) {
    text += (i == 0 ? "'" : ", '") + shortened(printable(names[i]), columns) + "'";
  }
  return names.size() > shown ? text + ", ..." : text;
}

std::optional<double> number_of(std::string_view text) {
  if (stands_for_missing(lower_case(text))) return not_measured;
  std::string plain(text.front() == '+' ? text.substr(1) : text);
  const std::size_t comma = plain.find(',');
  if (comma != std::string::npos && plain.find('.') == std::string::npos) plain[comma] = '.';
  double value = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (end != plain.data() + plain.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc() ? value : not_measured;
}

void require_rising(const std::vector<double>& rates, const std::function<std::string(std::size_t)>& place) {
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (!std::isfinite(rates[i]) || rates[i] <= 0) {
      throw data_error(place(i) + ": the learning rate must be a number above 0, got " +
                       (std::isfinite(rates[i]) ? analysis::exact(rates[i]) : "none"));
    }
    if (i > 0 && rates[i] <= rates[i - 1]) {
      throw data_error(place(i) + ": the learning rate must be above the one before it, " +
                       analysis::exact(rates[i - 1]) + ", got " + analysis::exact(rates[i]) +
                       "; a curve is one sweep over rising rates");
    }
  }
}

void require_losses(const std::vector<double>& losses, const std::string& source) {
  if (losses.empty()) throw data_error("'" + source + "' has no points; a curve of rates and losses is expected");
  const auto finite = [](double value) { return std::isfinite(value); };
  if (std::none_of(losses.begin(), losses.end(), finite)) {
    throw data_error("'" + source + "' has no loss that is a finite number in its " + std::to_string(losses.size()) +
                     (losses.size() == 1 ? " point" : " points"));
  }
}

}  // namespace lrfind::report
