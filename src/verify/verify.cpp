#include "verify/verify.hpp"

#include <lrfind/error.hpp>
#include "experiment/plan.hpp"

#include "platform/current_error.hpp"
#include "platform/interrupted.hpp"
#include "verify/candidate_training.hpp"

#include <lrfind/suggest.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>

namespace lrfind::verify {

namespace {

constexpr double edge_ratio = 3;       // how far beyond an edge the next candidate lies
constexpr int most_extensions = 2;     // per schedule
constexpr double nearly_equal = 1e-3;  // relative: rates closer than this are one candidate
constexpr double near_enough = 0.08;   // decades from the fitted peak where another training would tell nothing new

std::vector<Candidate> candidates_for(const std::optional<double>& suggested, const VerifyOptions& options) {
  std::vector<Candidate> list;
  const auto add = [&](double lr, double factor) {
    for (const auto& other : list) {
      if (std::abs(std::log(lr / other.lr)) < nearly_equal) return;
    }
    Candidate candidate;
    candidate.lr = lr;
    candidate.factor = factor;
    list.push_back(candidate);
  };
  if (suggested) {
    add(*suggested, 1);
    list.front().suggested = true;
    for (const double factor : options.factors) add(*suggested * factor, factor);
  }
  for (const double lr : options.rates) add(lr, suggested ? lr / *suggested : report::not_measured);
  std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) { return a.lr < b.lr; });
  return list;
}

class Verifier {
 public:
  Verifier(Session& session, const Suggestion& suggestion, const VerifyOptions& options, const OnVerifyStep& on_step)
      : options_(options), suggestion_(suggestion), seed_(session.seed()), on_step_(on_step) {
    result_.steps = options.steps;
    result_.warmup = options.warmup;
    result_.evaluations = options.evaluations;
    result_.seeds = options.seeds;
    for (const auto& name : options.schedules) add_schedule(*train::parse_schedule(name));
    trainer_.emplace(session, options);
    result_.val_images = trainer_->val_images();
  }

  Verification run() {
    const auto start = std::chrono::steady_clock::now();
    try {
      for (int round = 0; round < options_.seeds && result_.complete; ++round) run_round(round);
    } catch (const Interrupted&) {
      result_.complete = false;
    } catch (...) {
      result_.failure = current_error();
      result_.complete = false;
    }
    for (auto& result : result_.schedules) {
      rank(result, result_.val_images);
      if (options_.refine) select(result);
    }
    result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(result_);
  }

 private:
  void add_schedule(train::ScheduleKind kind) {
    const auto suggested = suggested_rate(suggestion_, kind);
    ScheduleResult result;
    result.candidates = candidates_for(suggested, options_);
    if (result.candidates.empty()) {
      throw usage_error("there is no rate to verify: the result suggests none; give --rates");
    }
    result.has_suggestion = suggested.has_value();
    result.schedule = schedule_of(kind, suggested.value_or(result.candidates.front().lr));
    result_.schedules.push_back(std::move(result));
  }

  // The ratio of a cycle's bounds stays when its upper one moves.
  train::Schedule schedule_of(train::ScheduleKind kind, double lr) const {
    double ratio = 0.1;
    if (suggestion_.min_lr && suggestion_.max_lr) ratio = std::min(*suggestion_.min_lr / *suggestion_.max_lr, 1.0);
    return train::usual_schedule(kind, lr, ratio * lr, options_.steps, options_.warmup);
  }

  void run_round(int round) {
    best_runs_.clear();
    std::vector<std::vector<bool>> stays;
    for (auto& result : result_.schedules) {
      rank(result, result_.val_images);
      stays.push_back(round == 0 || options_.keep_all ? std::vector<bool>(result.candidates.size(), true)
                                                      : next_round(result));
    }
    runs_ = runs_done_;
    for (const auto& list : stays) {
      runs_ += static_cast<int>(std::count(list.begin(), list.end(), true)) * (options_.seeds - round);
    }
    for (std::size_t s = 0; s < result_.schedules.size(); ++s) {
      for (const std::size_t i : outwards(result_.schedules[s])) {
        if (stays[s][i]) run_candidate(result_.schedules[s], i, round);
        if (!result_.complete) return;
      }
      if (round == 0 && options_.extend) extend(result_.schedules[s]);
      if (round == 0 && options_.refine && result_.complete) refine(result_.schedules[s]);
      if (!result_.complete) return;
    }
  }

  // The suggestion first, so that the others are measured against it, then its neighbours.
  static std::vector<std::size_t> outwards(const ScheduleResult& result) {
    std::vector<std::size_t> order(result.candidates.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (!result.has_suggestion) return order;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::abs(std::log(result.candidates[a].factor)) < std::abs(std::log(result.candidates[b].factor));
    });
    return order;
  }

  void extend(ScheduleResult& result) {
    for (int extension = 0; extension < most_extensions && result_.complete; ++extension) {
      rank(result, result_.val_images);
      if (!result.best || result.candidates.size() < 2) return;
      const bool low = *result.best == 0;
      const bool high = *result.best + 1 == result.candidates.size();
      if (!low && !high) return;
      const auto& edge = result.candidates[*result.best];
      const double by = low ? 1 / edge_ratio : edge_ratio;
      add_candidate(result, edge.lr * by, edge.factor * by);
    }
  }

  void add_candidate(ScheduleResult& result, double lr, double factor) {
    Candidate candidate;
    candidate.lr = lr;
    candidate.factor = factor;
    const auto above = std::find_if(result.candidates.begin(), result.candidates.end(),
                                    [&](const Candidate& other) { return other.lr > lr; });
    const auto at = result.candidates.insert(above, candidate);
    ++runs_;
    run_candidate(result, static_cast<std::size_t>(at - result.candidates.begin()), 0);
  }

  // Trains at the fitted peak, unless a rate close to it was trained.
  void refine(ScheduleResult& result) {
    rank(result, result_.val_images);
    const auto peak = fitted_peak(result, result_.val_images);
    if (!peak) return;
    for (const auto& candidate : result.candidates) {
      if (std::abs(std::log10(candidate.lr / peak->lr)) < near_enough) return;
    }
    const auto suggested = suggested_rate(suggestion_, result.schedule.kind);
    add_candidate(result, peak->lr, peak->lr / *suggested);
  }

  void select(ScheduleResult& result) {
    const auto peak = fitted_peak(result, result_.val_images);
    if (!peak) return;
    result.selected = nearest_completed(result, peak->lr);
    if (result.selected) result.selected_interval = peak->interval;
  }

  void run_candidate(ScheduleResult& result, std::size_t index, int round) {
    auto& candidate = result.candidates[index];
    const auto schedule = schedule_of(result.schedule.kind, candidate.lr);
    ++runs_done_;
    auto& best = best_runs_[result.schedule.kind];
    const bool to_the_end = candidate.suggested || options_.keep_all;
    candidate.runs.push_back(
        trainer_->train(schedule, experiment::trial_seed(seed_, round), to_the_end ? nullptr : &best,
                        [&](int step, double lr, double loss) { on_step_(runs_done_, runs_, step, lr, loss); }));
    const auto& run = candidate.runs.back();
    if (run.end == RunEnd::interrupted) result_.complete = false;
    if (run.end == RunEnd::completed && (best.losses.empty() || run.train_loss < best.train_loss)) best = run;
  }

  std::optional<CandidateTrainer> trainer_;  // reads images, so it comes when there is something to train
  const VerifyOptions& options_;
  const Suggestion& suggestion_;
  std::uint64_t seed_;
  const OnVerifyStep& on_step_;
  Verification result_;
  std::map<train::ScheduleKind, TrainingRun> best_runs_;  // of this round, that reached their end
  int runs_ = 0, runs_done_ = 0;
};

}  // namespace

Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          const OnVerifyStep& on_step) {
  return Verifier(session, suggestion, options, on_step).run();
}

Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          const report::ProgressTarget& target) {
  report::Progress progress(target);
  const auto start = std::chrono::steady_clock::now();
  const auto batch_size = options.batch_size > 0 ? options.batch_size : session.resolved().recipe.batch_size;
  std::vector<double> losses;
  std::int64_t images = 0;
  const auto on_step = [&](int run, int runs, int step, double lr, double loss) {
    if (step == 1) losses.clear();
    losses.push_back(loss);
    images += session.images_per_step(batch_size);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    progress.update({.step = step,
                     .steps = options.steps,
                     .trial = run,
                     .trials = runs,
                     .lr = lr,
                     .smoothed_loss = smooth(losses).back(),
                     .images_per_s = static_cast<double>(images) / elapsed.count()});
  };
  return verify_rates(session, suggestion, options, on_step);
}

int run_length(std::int64_t steps, double epochs, const data::Dataset& dataset, std::int64_t images_per_step) {
  constexpr double most_steps = 1e8;
  if (steps > 0) return static_cast<int>(steps);
  const double in_epoch = static_cast<double>(dataset.train.size()) / static_cast<double>(images_per_step);
  if (epochs > 0) return static_cast<int>(std::clamp(std::ceil(epochs * in_epoch), 1.0, most_steps));
  return static_cast<int>(std::clamp(std::ceil(3 * in_epoch), 100.0, 600.0));
}

Suggestion verified(const Suggestion& suggestion, const Verification& verification) {
  Suggestion moved = experiment::for_length(suggestion, verification.steps);
  for (const auto& result : verification.schedules) {
    if (!result.selected) continue;
    const double lr = result.candidates[*result.selected].lr;
    if (result.schedule.kind == train::ScheduleKind::constant) {
      moved.lr = lr;
      moved.interval = Interval{std::min(lr, result.selected_interval->lo), std::max(lr, result.selected_interval->hi)};
    } else {
      moved.max_lr = lr;
    }
  }
  if (moved.lr && moved.max_lr) moved.max_lr = std::max(*moved.lr, *moved.max_lr);
  if (moved.lr && moved.min_lr) moved.min_lr = std::min(*moved.lr, *moved.min_lr);
  if (!moved.plan) return moved;
  const double tried = moved.plan->plan.steps;
  const Suggestion longer = experiment::for_length(moved, 10 * tried);
  moved.plan->longer_lr = longer.lr;
  moved.plan->longer_max_lr = longer.max_lr;
  // A plan that nobody stated is the length that was tried.
  moved.plan->plan.assumed = suggestion.plan->plan.assumed;
  return moved.plan->plan.assumed ? moved : experiment::for_length(moved, suggestion.plan->plan.steps);
}

}  // namespace lrfind::verify
