#include "schedule/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace lrfind::train {

namespace {

using enum ScheduleKind;

constexpr std::array<std::string_view, 10> names = {
    "constant",   "step",        "exponential",          "cosine",           "cosine-warm-restarts", "one-cycle",
    "triangular", "triangular2", "linear-warmup-cosine", "reduce-on-plateau"};

// eta_min + (eta_max - eta_min) (1 + cos(pi t / T)) / 2: Loshchilov and Hutter 2016, equation 5.
double half_cosine(double from, double to, double share) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

double warm_restarts(const Schedule& s, std::int64_t step) {
  std::int64_t length = s.first_cycle;
  while (step >= length) {
    step -= length;
    length *= s.cycle_growth;
  }
  return half_cosine(s.max_lr, s.min_lr, static_cast<double>(step) / static_cast<double>(length));
}

// PyTorch's phases end one step early, so that the last step of the run has the last rate.
double one_cycle_rate(const Schedule& s, int step) {
  const double first = s.max_lr / s.div_factor;
  const double last = first / s.final_div_factor;
  const double peak_at = s.pct_start * s.steps - 1;
  const double end_at = s.steps - 1;
  if (step <= peak_at && peak_at > 0) return half_cosine(first, s.max_lr, step / peak_at);
  return half_cosine(s.max_lr, last, (step - peak_at) / (end_at - peak_at));
}

// Smith 2015, section 3.2.
double triangular_rate(const Schedule& s, int step) {
  const double length = 2.0 * s.step_size_up;
  const double cycle = std::floor(1 + step / length);
  const double x = 1 + step / length - cycle;
  const double height = x <= 0.5 ? x / 0.5 : (x - 1) / (0.5 - 1);
  const double scale = s.kind == triangular2 ? 1 / std::pow(2.0, cycle - 1) : 1;
  return s.min_lr + (s.max_lr - s.min_lr) * height * scale;
}

int part_of(int steps, int parts) { return std::max(1, (steps + parts - 1) / parts); }

bool rises_by_itself(ScheduleKind kind) { return kind == one_cycle || kind == triangular || kind == triangular2; }

}  // namespace

std::vector<std::string> schedule_names() { return {names.begin(), names.end()}; }

std::string_view to_string(ScheduleKind kind) { return names.at(static_cast<std::size_t>(kind)); }

std::optional<ScheduleKind> parse_schedule(std::string_view name) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<ScheduleKind>(found - names.begin());
}

ScheduleUse use_of(ScheduleKind kind) {
  if (kind == constant) return ScheduleUse::constant;
  return kind == triangular || kind == triangular2 ? ScheduleUse::cyclical : ScheduleUse::decaying;
}

Schedule usual_schedule(ScheduleKind kind, double max_lr, double min_lr, int steps, int warmup) {
  if (steps < 1) throw std::invalid_argument("a schedule needs at least 1 step");
  if (!(max_lr > 0) || !std::isfinite(max_lr)) throw std::invalid_argument("a schedule's highest rate must be above 0");
  if (warmup < 0 || warmup >= steps) {
    throw std::invalid_argument("a warm-up of " + std::to_string(warmup) + " steps does not fit into " +
                                std::to_string(steps) + "; it takes 0 to " + std::to_string(steps - 1));
  }
  Schedule s;
  s.kind = kind;
  s.max_lr = max_lr;
  s.steps = steps;
  if (kind == linear_warmup_cosine && warmup == 0) warmup = std::min(part_of(steps, 20), steps - 1);
  if (!rises_by_itself(kind)) s.warmup = warmup;
  const int left = steps - s.warmup;
  s.step_size = part_of(left, 3);
  s.gamma = kind == exponential ? std::pow(0.01, 1.0 / left) : 0.1;
  s.first_cycle = part_of(left, 1 + 2 + 4);
  if (kind == one_cycle && warmup > 0) s.pct_start = static_cast<double>(warmup) / steps;
  s.step_size_up = part_of(steps, 6);
  s.check_every = part_of(left, 20);
  if (use_of(kind) == ScheduleUse::cyclical) s.min_lr = min_lr;
  return s;
}

double rate_at(const Schedule& s, int step) {
  if (step < s.warmup && !rises_by_itself(s.kind)) {
    return s.max_lr * (s.warmup_start + (1 - s.warmup_start) * step / s.warmup);
  }
  const int t = rises_by_itself(s.kind) ? step : step - s.warmup;
  switch (s.kind) {
    case ScheduleKind::step:
      return s.max_lr * std::pow(s.gamma, t / s.step_size);
    case exponential:
      return s.max_lr * std::pow(s.gamma, t);
    case cosine:
    case linear_warmup_cosine:
      return half_cosine(s.max_lr, s.min_lr, static_cast<double>(t) / (s.steps - s.warmup));
    case cosine_warm_restarts:
      return warm_restarts(s, t);
    case one_cycle:
      return one_cycle_rate(s, t);
    case triangular:
    case triangular2:
      return triangular_rate(s, t);
    case constant:
    case reduce_on_plateau:
      break;
  }
  return s.max_lr;
}

ScheduledRate::ScheduledRate(const Schedule& schedule)
    : schedule_(schedule), plateau_lr_(schedule.max_lr), best_(std::numeric_limits<double>::infinity()) {}

double ScheduledRate::at(int step) const {
  if (schedule_.kind == reduce_on_plateau && step >= schedule_.warmup) return plateau_lr_;
  return rate_at(schedule_, step);
}

bool ScheduledRate::checks_after(int step) const {
  const int t = step + 1 - schedule_.warmup;
  return schedule_.kind == reduce_on_plateau && t > 0 && t % schedule_.check_every == 0 && step + 1 < schedule_.steps;
}

void ScheduledRate::observe(double loss) {
  constexpr double threshold = 1e-4;
  constexpr double least_change = 1e-8;
  if (loss < best_ * (1 - threshold)) {
    best_ = loss;
    bad_checks_ = 0;
    return;
  }
  if (++bad_checks_ <= schedule_.patience) return;
  const double lower = std::max(plateau_lr_ * schedule_.factor, schedule_.min_lr);
  if (plateau_lr_ - lower > least_change) plateau_lr_ = lower;
  bad_checks_ = 0;
}

std::vector<double> rates_of(const Schedule& schedule) {
  ScheduledRate rate(schedule);
  std::vector<double> rates;
  for (int step = 0; step < schedule.steps; ++step) {
    rates.push_back(rate.at(step));
    if (rate.checks_after(step)) rate.observe(1);
  }
  return rates;
}

}  // namespace lrfind::train
