#include "verify/verify.hpp"
#include <lrfind/error.hpp>

#include "verify/candidate_training.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace lrfind::command {

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
  Verifier(Session& session, const Suggestion& suggestion, const VerifyOptions& options, std::uint64_t seed,
           const OnVerifyStep& on_step)
      : suggestion_(suggestion), seed_(seed), on_step_(on_step) {
    result_.options = options;
    for (const auto& name : options.schedules) add_schedule(*train::parse_schedule(name));
    trainer_.emplace(session, options);
    result_.val_images = trainer_->val_images();
  }

  Verification run() {
    const auto start = std::chrono::steady_clock::now();
    try {
      for (int round = 0; round < result_.options.seeds && result_.complete; ++round) run_round(round);
    } catch (const std::exception&) {
      result_.failure = std::current_exception();
      result_.complete = false;
    }
    for (auto& verdict : result_.schedules) {
      judge(verdict, result_.val_images);
      if (result_.options.settle) name_winner(verdict);
    }
    result_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(result_);
  }

 private:
  void add_schedule(train::ScheduleKind kind) {
    const auto suggested = suggested_rate(suggestion_, kind);
    ScheduleVerdict verdict;
    verdict.candidates = candidates_for(suggested, result_.options);
    if (verdict.candidates.empty()) {
      throw usage_error("there is no rate to verify: the result suggests none; give --rates");
    }
    verdict.has_suggestion = suggested.has_value();
    verdict.schedule = schedule_of(kind, suggested.value_or(verdict.candidates.front().lr));
    result_.schedules.push_back(std::move(verdict));
  }

  // The ratio of a cycle's bounds stays when its upper one moves.
  train::Schedule schedule_of(train::ScheduleKind kind, double lr) const {
    double ratio = 0.1;
    if (suggestion_.min_lr && suggestion_.max_lr) ratio = std::min(*suggestion_.min_lr / *suggestion_.max_lr, 1.0);
    return train::usual_schedule(kind, lr, ratio * lr, result_.options.steps, result_.options.warmup);
  }

  void run_round(int round) {
    best_runs_.clear();
    std::vector<std::vector<bool>> stays;
    for (auto& verdict : result_.schedules) {
      judge(verdict, result_.val_images);
      stays.push_back(round == 0 || result_.options.keep_all ? std::vector<bool>(verdict.candidates.size(), true)
                                                             : next_round(verdict));
    }
    runs_ = runs_done_;
    for (const auto& list : stays) {
      runs_ += static_cast<int>(std::count(list.begin(), list.end(), true)) * (result_.options.seeds - round);
    }
    for (std::size_t s = 0; s < result_.schedules.size(); ++s) {
      for (const std::size_t i : outwards(result_.schedules[s])) {
        if (stays[s][i]) run_candidate(result_.schedules[s], i, round);
        if (!result_.complete) return;
      }
      if (round == 0 && result_.options.extend) extend(result_.schedules[s]);
      if (round == 0 && result_.options.settle && result_.complete) settle(result_.schedules[s]);
      if (!result_.complete) return;
    }
  }

  // The suggestion first, so that the others are measured against it, then its neighbours.
  static std::vector<std::size_t> outwards(const ScheduleVerdict& verdict) {
    std::vector<std::size_t> order(verdict.candidates.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (!verdict.has_suggestion) return order;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::abs(std::log(verdict.candidates[a].factor)) < std::abs(std::log(verdict.candidates[b].factor));
    });
    return order;
  }

  void extend(ScheduleVerdict& verdict) {
    for (int extension = 0; extension < most_extensions && result_.complete; ++extension) {
      judge(verdict, result_.val_images);
      if (!verdict.best || verdict.candidates.size() < 2) return;
      const bool low = *verdict.best == 0;
      const bool high = *verdict.best + 1 == verdict.candidates.size();
      if (!low && !high) return;
      const auto& edge = verdict.candidates[*verdict.best];
      const double by = low ? 1 / edge_ratio : edge_ratio;
      add_candidate(verdict, edge.lr * by, edge.factor * by);
    }
  }

  void add_candidate(ScheduleVerdict& verdict, double lr, double factor) {
    Candidate candidate;
    candidate.lr = lr;
    candidate.factor = factor;
    const auto above = std::find_if(verdict.candidates.begin(), verdict.candidates.end(),
                                    [&](const Candidate& other) { return other.lr > lr; });
    const auto at = verdict.candidates.insert(above, candidate);
    ++runs_;
    run_candidate(verdict, static_cast<std::size_t>(at - verdict.candidates.begin()), 0);
  }

  // Trains at the fitted peak, unless a rate close to it was trained.
  void settle(ScheduleVerdict& verdict) {
    judge(verdict, result_.val_images);
    const auto peak = fitted_peak(verdict, result_.val_images);
    if (!peak) return;
    for (const auto& candidate : verdict.candidates) {
      if (std::abs(std::log10(candidate.lr / peak->lr)) < near_enough) return;
    }
    const auto suggested = suggested_rate(suggestion_, verdict.schedule.kind);
    add_candidate(verdict, peak->lr, peak->lr / *suggested);
  }

  void name_winner(ScheduleVerdict& verdict) {
    const auto peak = fitted_peak(verdict, result_.val_images);
    if (!peak) return;
    verdict.winner = nearest_completed(verdict, peak->lr);
    if (verdict.winner) verdict.winner_interval = peak->interval;
  }

  void run_candidate(ScheduleVerdict& verdict, std::size_t index, int round) {
    auto& candidate = verdict.candidates[index];
    const auto schedule = schedule_of(verdict.schedule.kind, candidate.lr);
    ++runs_done_;
    auto& best = best_runs_[verdict.schedule.kind];
    const bool to_the_end = candidate.suggested || result_.options.keep_all;
    candidate.runs.push_back(
        trainer_->train(schedule, trial_seed(seed_, round), to_the_end ? nullptr : &best,
                        [&](int step, double lr, double loss) { on_step_(runs_done_, runs_, step, lr, loss); }));
    const auto& run = candidate.runs.back();
    if (run.end == RunEnd::interrupted) result_.complete = false;
    if (run.end == RunEnd::completed && (best.losses.empty() || run.train_loss < best.train_loss)) best = run;
  }

  std::optional<CandidateTrainer> trainer_;  // reads images, so it comes when there is something to train
  const Suggestion& suggestion_;
  std::uint64_t seed_;
  const OnVerifyStep& on_step_;
  Verification result_;
  std::map<train::ScheduleKind, TrainingRun> best_runs_;  // of this round, that reached their end
  int runs_ = 0, runs_done_ = 0;
};

}  // namespace

std::string_view to_string(RunEnd end) {
  switch (end) {
    case RunEnd::completed:
      return "completed";
    case RunEnd::diverged:
      return "diverged";
    case RunEnd::dropped:
      return "dropped";
    case RunEnd::interrupted:
      break;
  }
  return "interrupted";
}

std::optional<double> suggested_rate(const Suggestion& suggestion, train::ScheduleKind kind) {
  if (train::use_of(kind) == train::ScheduleUse::constant) return suggestion.lr;
  return suggestion.max_lr ? suggestion.max_lr : suggestion.lr;
}

Verification verify_rates(Session& session, const Suggestion& suggestion, const VerifyOptions& options,
                          std::uint64_t seed, const OnVerifyStep& on_step) {
  return Verifier(session, suggestion, options, seed, on_step).run();
}

}  // namespace lrfind::command
