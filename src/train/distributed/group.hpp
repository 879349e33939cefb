// The processes that train together, as everything above LibTorch sees them.
#pragma once

#include <lrfind/error.hpp>

#include <string>
#include <vector>

namespace lrfind::train {

/// Another rank has ended, or does not answer: what was measured so far is all there will be. what() names it.
class RankLost : public Error {
 public:
  RankLost(ErrorKind kind, const std::string& message) : Error(kind, message) {}
};

/// Every rank makes the same calls in the same order; a call returns when all ranks have made it. Each of them throws
/// RankLost within the time limit when a rank is gone, and Interrupted when one was interrupted. Not thread-safe.
class Group {
 public:
  virtual ~Group() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// How long to wait for others: within the time limit, or while they live, for work that may take any time.
  enum class Waiting { limited, as_long_as_alive };
  /// Everyone's bytes, in the order of the ranks.
  virtual std::vector<std::string> exchange(const std::string& mine, Waiting waiting = Waiting::limited) = 0;
  /// Rank 0's bytes.
  std::string of_first(const std::string& mine) { return exchange(rank() == 0 ? mine : "").front(); }

  /// Whether this rank wants to end, to be heard by all with the next step, and whether any did in the last one.
  virtual void ask_to_stop(bool asked) = 0;
  virtual bool agreed_to_stop() const = 0;

  /// Tells the others why this rank ends, so that their next call throws it; an empty sentence: it was interrupted.
  virtual void abandon(ErrorKind kind, const std::string& sentence) noexcept = 0;
  /// Waits until the others need nothing of this rank any more.
  virtual void leave() noexcept = 0;
  /// Whether this is the rank that speaks and writes: 0, or the lowest one that is left.
  virtual bool speaks() const = 0;
};

}  // namespace lrfind::train
