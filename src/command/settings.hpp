// What a person can choose, by subject. Each `declare` binds one struct to the command line and the config file.
#pragma once

#include <lrfind/error.hpp>
#include "command/options.hpp"
#include "data/image/image.hpp"
#include "train/recipe.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lrfind::command {

/// Options that every command takes.
struct CommonSettings {
  bool quiet = false;
  std::int64_t threads = 0;  ///< of computation; 0: as many as the cores this process may use
  std::int64_t seed = 0;
  std::string config;
  std::string progress = "auto";
};

struct DataSettings {
  std::string path;
  std::string image_size = "auto";
  std::string channels = "auto";
  std::string normalize = "dataset";
  std::string resize = "stretch";
  std::string augment = "none";
  double val_split = 0.1;
  std::int64_t limit = 0;
  std::string workers = "auto";
  std::int64_t cache_mb = 1024;
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
  std::string momentum = "auto";
  bool nesterov = false;
  std::string weight_decay = "auto";
  double beta1 = 0.9, beta2 = 0.999, alpha = 0.99;
  std::int64_t batch_size = 64;
  std::int64_t accumulate = 1;
  std::string precision = "fp32";
  double grad_clip = 0;
  double label_smoothing = 0;
  std::string class_weights = "none";
  std::vector<std::string> freeze;
  std::vector<std::string> lr_mult;
};

struct DeviceSettings {
  std::string device = "auto";
  bool deterministic = false;
};

void declare(OptionSet& options, CommonSettings& settings);
void declare(OptionSet& options, DataSettings& settings);
void declare(OptionSet& options, NetworkSettings& settings);
void declare(OptionSet& options, RecipeSettings& settings);
void declare(OptionSet& options, DeviceSettings& settings);

/// "32" or "24x32" (height x width); nothing for "auto".
std::optional<data::ImageShape> parse_image_size(const std::string& text);

/// The recipe that the settings mean; "auto" values are replaced in `settings` by what they stand for. Class weights
/// are left empty. Throws Error (usage) for combinations that make no sense.
train::Recipe resolve_recipe(RecipeSettings& settings);

}  // namespace lrfind::command
