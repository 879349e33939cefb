#include "report/search_range.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace lrfind::report {
namespace {

constexpr std::array<std::string_view, 2> names = {"optuna", "wandb"};

// Three digits; with a point even beside an exponent, as YAML 1.1 wants numbers.
std::string number(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), value >= 1e-4 && value < 1e15 ? "%.15g" : "%.2e", value);
  return buffer.data();
}

// The next number of three digits on one side.
double rounded(double value, double (*towards)(double)) {
  const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
  const double steps = value / unit;
  // What has three digits stays as it is, whatever the division made of it.
  const double nearest = std::round(steps);
  const double kept = std::abs(steps - nearest) < 1e-9 * nearest ? nearest : towards(steps);
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.2e", kept * unit);
  return std::strtod(buffer.data(), nullptr);
}

}  // namespace

std::vector<std::string> tuner_names() { return {names.begin(), names.end()}; }

std::optional<Tuner> parse_tuner(std::string_view name) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Tuner>(found - names.begin());
}

std::string search_range(Tuner tuner, const Interval& interval) {
  const std::string lowest = number(rounded(interval.lo, std::floor));
  const std::string highest = number(rounded(interval.hi, std::ceil));
  if (tuner == Tuner::optuna) return "lr = trial.suggest_float(\"lr\", " + lowest + ", " + highest + ", log=True)\n";
  return "method: bayes\n"
         "metric:\n  name: val_loss\n  goal: minimize\n"
         "parameters:\n  lr:\n    distribution: log_uniform_values\n    min: " +
         lowest + "\n    max: " + highest + "\n";
}

}  // namespace lrfind::report
