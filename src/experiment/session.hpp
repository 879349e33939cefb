// One dataset, one network and one recipe made ready to train: what `sweep` and `verify` have in common.
#pragma once

#include <lrfind/error.hpp>
#include "data/batch/loader.hpp"
#include "data/batch/prefetch.hpp"
#include "data/batch/statistics.hpp"
#include "experiment/settings.hpp"
#include "experiment/team.hpp"
#include "platform/interrupted.hpp"
#include "platform/watchdog.hpp"
#include "report/result.hpp"
#include "train/engine.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace lrfind::experiment {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start);

/// What will be asked of the training images, as far as it is known beforehand: what is needed first is decoded
/// while the network is loaded, and what nobody asks for again is not kept.
struct ExpectedUse {
  std::uint64_t batches = 0;  ///< of the first training run
  bool again = true;          ///< whether another run, or anything else, asks for images of that run
  bool probe = false;         ///< whether a probe may be held out of the training images before
};

class Session {
 public:
  /// Finds the images, loads the network and checks that everything fits; joins the team, which must outlive it, and
  /// makes sure that all ranks have the same. `stop` ends any of the work below. Throws Error (usage, data, model,
  /// device), Interrupted.
  Session(SessionSettings settings, const CommonSettings& common, const ExpectedUse& use, std::stop_token stop,
          Team& team);

  const std::stop_token& stop() const { return stop_; }
  /// Whether to end before another step.
  bool stop_now() const { return team_.stop_now(stop_); }
  Team& team() { return team_; }

  train::Engine& engine() { return *engine_; }
  const data::Dataset& dataset() const { return dataset_; }
  data::ImageStore& store() { return *store_; }

  /// The endless stream of training batches that follows from `seed`, without the images in `held_out`. `batches` is
  /// how many will be asked for at most; `batch_size` 0 is the recipe's.
  std::unique_ptr<data::Loader> loader(std::uint64_t seed, std::uint64_t batches, std::int64_t batch_size = 0);

  /// Validation images as batches, unreadable ones left out, at most `limit` (0: all), the same at every call; of a
  /// team that shares batches, this rank's part of them.
  std::vector<data::Batch> validation_batches(std::size_t limit = 0);

  /// A fixed batch of at most `size` images for the probe loss: validation images, or training images that are then
  /// held out of every loader. Of a team that shares batches, this rank's part of it.
  data::Batch probe_batch(std::size_t size);

  /// Starts a training run: fresh or the file's own weights, as the settings say. Notes what could not be drawn afresh.
  void start(std::uint64_t seed);

  /// Lets rank 0 know of the unreadable files that the others have met.
  void gather_unreadable();

  /// The parts of a result that describe what was trained.
  void describe_session(report::Result& result) const;

  /// What a person should know before training: what makes it slow and can be mended, what the recipe turns off, what
  /// "auto" stands for where that was measured. A sentence each.
  std::vector<std::string> notices() const;

  /// The settings with what "auto" stood for in its place. `workers` stays: no number depends on it.
  const SessionSettings& resolved() const { return settings_; }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(common_.seed); }

  double index_s() const { return index_s_; }
  /// Batches of one update, on each rank.
  int accumulate() const { return recipe_.accumulate; }
  /// Images of one update by all ranks, from batches of this size.
  std::int64_t images_per_step(std::int64_t batch_size) const { return batch_size * accumulate() * team_.parts(); }

 private:
  data::ImageShape shape_for(const train::FittingImages& images) const;
  void open_store(const data::ImageShape& shape, const ExpectedUse& use);
  void choose_normalisation();
  void choose_precision();
  std::vector<data::Batch> first_batches(std::size_t count);
  bool fresh_weights() const;
  std::vector<std::string> slow_because() const;
  std::vector<double> class_counts() const;
  void require_same_data() const;
  std::stop_token stop_of_loaders() const;

  SessionSettings settings_;
  CommonSettings common_;
  std::stop_token stop_;
  Team& team_;
  train::Recipe recipe_;
  data::Dataset dataset_;
  data::ImageShape shape_;                             // of the store
  std::shared_ptr<data::DecodeBudget> decode_budget_;  // of every store
  std::shared_ptr<data::ImageStore> store_;
  std::optional<data::Prefetch> prefetch_;  // until the first loader
  platform::Watchdog watchdog_;
  std::unique_ptr<train::Engine> engine_;
  train::Normalisation normalisation_;
  std::vector<std::uint32_t> drawn_;  // training images that loaders draw from; empty: all
  unsigned workers_ = 1;
  int threads_ = 1;
  double index_s_ = 0;
  std::vector<std::string> notes_;                         // of what was trained
  std::vector<std::string> choices_;                       // of the recipe, known before
  std::vector<report::FileProblem> unreadable_elsewhere_;  // by other ranks
};

/// What the engine sees of a batch; the batch must outlive it.
train::BatchView batch_view(const data::Batch& batch);
std::vector<train::BatchView> batch_views(const std::vector<data::Batch>& batches);

/// The loader's next `count` batches. Throws as Loader::next does.
std::vector<data::Batch> next_batches(data::Loader& loader, int count);

/// Seed of trial `trial`, from 0: the first is the run's own, so that one trial of many can be repeated alone.
std::uint64_t trial_seed(std::uint64_t seed, int trial);

}  // namespace lrfind::experiment
