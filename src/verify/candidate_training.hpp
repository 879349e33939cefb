// One training of `verify`: from scratch, along a schedule, measured where it ends.
#pragma once

#include <lrfind/error.hpp>
#include "experiment/session.hpp"
#include "verify/verify.hpp"

#include <functional>
#include <set>
#include <vector>

namespace lrfind::verify {

class CandidateTrainer {
 public:
  /// Reads the validation images. Throws Error (usage) when there are none.
  CandidateTrainer(Session& session, const VerifyOptions& options);

  std::size_t val_images() const { return val_images_; }

  /// Told after every step: its number from 1, rate, loss.
  using OnStep = std::function<void(int step, double lr, double loss)>;

  /// Trains with the weights and batches of `seed`. rival: the best run so far, next to which this one is given up at a
  /// quarter and at half of its steps when should_prune() says so; null: never. Throws what the session throws; an
  /// interrupted run is returned as one.
  TrainingRun train(const train::Schedule& schedule, std::uint64_t seed, const TrainingRun* rival,
                    const OnStep& on_step);

 private:
  std::set<int> evaluated_steps(const train::Schedule& schedule) const;
  const std::vector<data::Batch>& plateau_images();

  Session& session_;
  std::int64_t batch_size_;
  int evaluations_;
  std::vector<data::Batch> validation_, plateau_images_;
  std::size_t val_images_ = 0;
};

}  // namespace lrfind::verify
