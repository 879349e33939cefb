// The processes that work on one experiment: usually one.
#pragma once

#include "experiment/settings.hpp"
#include "train/distributed/ranks.hpp"
#include "train/engine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace lrfind::experiment {

/// This process among them. A team of one does nothing at all. Every rank runs the same program on the same numbers, so
/// that decisions need no messages; what only one rank knows goes through the calls below, which all ranks make in the
/// same order. They throw RankLost (device and others) when a rank is gone, Interrupted when one was interrupted.
class Team {
 public:
  /// A team of one.
  Team() = default;
  /// Finds out who else there is; meets nobody yet. Throws Error (usage).
  explicit Team(const TeamSettings& settings);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  bool alone() const { return !ranks_.several(); }
  int rank() const { return ranks_.rank; }
  int size() const { return ranks_.size; }
  int local_rank() const { return ranks_.local_rank; }
  /// Processes that share this machine's cores.
  int local_size() const { return ranks_.local_size; }

  /// What must be the same on all ranks when they meet: names with texts.
  using Facts = std::vector<std::pair<std::string, std::string>>;
  void expect(Facts facts) { facts_ = std::move(facts); }
  /// Meets the others: data ranks train as one engine then. Throws Error (usage, device).
  void join(train::Engine& engine);

  /// Of how many parts this process does which: of every batch, and of the trials.
  int parts() const { return shares_batches() ? size() : 1; }
  int part() const { return shares_batches() ? rank() : 0; }
  bool shares_trials() const { return !alone() && settings_.parallel == "trials"; }

  /// Whether this rank prints and writes: 0, or the lowest that is left. A rank that met nobody speaks for itself.
  bool speaks() const;

  /// Whether to end now: a person's wish, which with several ranks counts for all from the step after.
  bool stop_now(const std::stop_token& stop) const;
  /// Rank 0's answer.
  bool agreed(bool mine);
  using Waiting = train::Group::Waiting;
  std::vector<std::string> exchange(const std::string& mine, Waiting waiting = Waiting::limited);
  std::string of_first(const std::string& mine);
  std::int64_t sum(std::int64_t mine);

  /// Refuses ranks that do not do the same. Throws Error (usage), naming rank and fact.
  void require_alike(const Facts& facts);

  /// Tells the others why this rank ends, where its work throws; and waits, when it is done, until they need it no
  /// more.
  int together(const std::function<int()>& work);
  /// Tells the others of the exception that is being handled.
  void abandon() noexcept;
  void abandon(ErrorKind kind, const std::string& sentence) noexcept;

 private:
  bool shares_batches() const { return !alone() && settings_.parallel == "data"; }

  TeamSettings settings_;
  Facts facts_;
  train::Ranks ranks_;
  std::shared_ptr<train::Group> group_;  // null: alone, or nobody met yet
};

}  // namespace lrfind::experiment
