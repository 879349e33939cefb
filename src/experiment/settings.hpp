// What can be chosen for an experiment, by subject, as plain values. src/command binds them to options.
#pragma once

#include "data/image/decode_budget.hpp"
#include "data/image/image.hpp"
#include "experiment/plan.hpp"
#include "train/recipe.hpp"

#include <lrfind/range_test.hpp>
#include <lrfind/suggest.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::experiment {

/// A value that was chosen; without one it is "auto", and the experiment finds out what that stands for.
template <typename T>
using AutoOr = std::optional<T>;

struct ImageSize {
  int height = 0, width = 0;
};

/// What every experiment takes.
struct CommonSettings {
  std::int64_t threads = 0;  ///< of computation; 0: as many as the cores this process may use
  std::int64_t seed = 0;
  std::function<void(const std::string& text)> network_says = {};  ///< takes what a network that is a file prints
};

struct DataSettings {
  std::string path;
  AutoOr<ImageSize> image_size;
  AutoOr<std::int64_t> channels;
  std::string normalize = "dataset";
  std::string resize = "stretch";
  std::string augment = "none";
  double val_split = 0.1;
  std::int64_t limit = 0;
  AutoOr<std::int64_t> workers;
  std::int64_t cache_mb = 1024;
  std::int64_t decode_mb = data::DecodeBudget::usual_bytes >> 20U;
  double max_unreadable = 0.05;
};

struct NetworkSettings {
  std::string model = "small-cnn";
  double width = 1;
  std::int64_t depth = 0;
  bool reinit = false;
  bool replace_head = false;
};

struct RecipeSettings {
  std::string optimizer = "sgd";
  AutoOr<double> momentum;
  bool nesterov = false;
  AutoOr<double> weight_decay;
  double beta1 = 0.9;
  AutoOr<double> beta2;
  double alpha = 0.99;
  std::int64_t batch_size = 64;
  std::int64_t accumulate = 1;
  std::string precision = "fp32";
  std::string memory_format = "auto";
  double grad_clip = 0;
  double label_smoothing = 0;
  std::string class_weights = "none";
  bool sync_batchnorm = false;
  std::vector<std::string> freeze;
  std::vector<std::string> lr_mult;
};

/// How several processes work on one experiment.
struct TeamSettings {
  std::string rendezvous;  ///< empty: as the launcher says
  AutoOr<std::int64_t> rank, world_size;
  double timeout_s = 60;          ///< how long a rank waits for the others
  std::string parallel = "data";  ///< data: one network, each rank a part of every batch; trials: each rank its own
};

struct DeviceSettings {
  std::string device = "auto";
  bool deterministic = false;
};

/// One dataset, one network and one recipe on one device.
struct SessionSettings {
  DataSettings data;
  NetworkSettings network;
  RecipeSettings recipe;
  DeviceSettings device;
  TeamSettings team;
};

struct SweepSettings {
  SessionSettings session;
  AutoOr<double> min_lr;  ///< auto, and steps likewise: as with_first_rate() finds it
  double max_lr = 10;
  AutoOr<std::int64_t> steps;
  std::string spacing = "exp";
  AutoOr<std::int64_t> trials;
  std::int64_t max_trials = 7;
  double max_seconds = 0;
  double precision_decades = 0.15;
  double stop_factor = 4;
  std::string rule = SuggestOptions{}.rule;
  double smoothing = 0.98;
  PlanSettings plan;
  AutoOr<std::int64_t> probe;
  std::int64_t gain_every = 4;
  std::string metric = "train-loss";
  std::int64_t eval_every = 5;
  bool layerwise = false;
  double verify_epochs = 0;
  std::int64_t verify_steps = 0;
};

/// The name if it is of an optimizer that lrfind knows, else nothing: what SuggestOptions takes of one that a program
/// has.
std::string with_usual_rate(const std::string& optimizer);

/// The same recipe with what "auto" stands for in its place.
RecipeSettings resolved(RecipeSettings settings);

/// The recipe that the settings mean; class weights are left empty. Throws Error (usage) for combinations that make no
/// sense.
train::Recipe recipe_of(const RecipeSettings& settings);

/// What a person should know of the recipe before it is trained, a sentence each.
std::vector<std::string> recipe_notes(const RecipeSettings& settings);

/// The settings' min_lr and steps must be known.
RangeTestOptions range_options(const SweepSettings& settings, std::uint64_t seed);
SuggestOptions suggest_options(const SweepSettings& settings);

}  // namespace lrfind::experiment
