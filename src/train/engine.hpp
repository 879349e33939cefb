// The door to LibTorch. Loading LibTorch takes most of a second, so it lives in a module of its own that is opened when
// a network is to be trained, and beside other work (load_engine.hpp). This header needs no LibTorch.
#pragma once

#include <lrfind/error.hpp>
#include "data/batch/augment.hpp"
#include "data/image/image.hpp"
#include "model/catalogue.hpp"
#include "platform/watchdog.hpp"
#include "train/blas.hpp"
#include "train/distributed/group.hpp"
#include "train/distributed/ranks.hpp"
#include "train/recipe.hpp"

#include <lrfind/range_test.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lrfind::train {

struct Evaluation {
  double loss = 0;      ///< mean cross-entropy, without label smoothing or class weights
  double accuracy = 0;  ///< 0 to 1
};

/// Images side by side in memory that outlives the call. pixels: uint8 NHWC; labels: one per image; indices: which
/// image of the training set each is, or empty. augmentations: those to be applied, image by image, of the same kinds
/// for every image, or empty.
struct BatchView {
  std::span<const std::uint8_t> pixels;
  std::span<const std::int64_t> labels;
  data::ImageShape shape;
  std::span<const std::uint32_t> indices = {};
  std::span<const data::AugmentationParams> augmentations = {};
};

/// Where the time of the steps since start() went, in seconds of the calling thread. On a GPU, which works behind, most
/// of it is waiting.
struct StepTimes {
  double forward_backward_s = 0;
  double optimizer_s = 0;  ///< with the products of gradient and change that the analysis needs
  double gain_s = 0;       ///< the forward pass of the gain ratio
  double probe_s = 0;
  double wait_s = 0;  ///< for measurements of a device that works behind
};

struct DeviceRequest {
  std::string name = "auto";   ///< "auto", "cpu", "cuda" or "cuda:N"
  int threads = 1;             ///< of computation on the CPU
  bool deterministic = false;  ///< refuse operators without a deterministic implementation
  int local_rank = 0;          ///< where `name` names no number, the GPU of this number, around where there are fewer
  platform::Watchdog* watchdog = nullptr;  ///< looks after computation on the CPU; outlives the engine
};

struct NetworkRequest {
  std::string name = "small-cnn";  ///< a built-in network, or the path of a file (it ends in .pt2 or .pt)
  double width_factor = 1;         ///< built-in networks
  int depth = 0;                   ///< built-in networks; 0: the usual one
  bool replace_head = false;       ///< a file: a fresh last linear layer of the right size, drawn from `seed`
  std::uint64_t seed = 0;
  std::function<void(const std::string& text)> says = {};  ///< takes what a file's network prints, from any thread
};

/// What a network from a file takes; nothing where it takes any, or nothing that was tried.
struct FittingImages {
  std::optional<int> channels;              ///< 1 or 3
  std::optional<std::pair<int, int>> size;  ///< height and width
};

struct ParameterFacts {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t count = 0;
};

/// One network on one device under one recipe. Call order: open_device, load, build, set_recipe, then start and the
/// rest. Not thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual std::string libtorch_version() const = 0;
  /// Which library matrix products on the CPU go to.
  virtual Blas blas() const = 0;

  /// Meets the other ranks, before anything else is asked; each then trains on its part of every batch: losses,
  /// gradients and measurements are those of all parts together, the same numbers on each rank. alone: each trains by
  /// itself, and only the group's own calls go between them. Throws Error (usage, device) as ProcessGroup::join.
  virtual std::shared_ptr<Group> join(const Ranks& ranks, double timeout_s, bool alone) = 0;

  /// Returns a description of the device. Throws Error (device).
  virtual std::string open_device(const DeviceRequest& request) = 0;

  /// Why bf16 is slow on the opened device, in a clause; empty where the hardware has it (no_bf16_because).
  virtual std::string no_bf16_because() const = 0;

  /// Reads a network's file, or looks a built-in network up. Returns what a file says of the
  /// images, or the channels that its network can be run on, found by running it on images of the shape `likely`.
  /// Throws Error (model).
  virtual FittingImages load(const NetworkRequest& request, const data::ImageShape& likely) = 0;
  /// What its user should know of the network, a sentence each.
  virtual std::vector<std::string> network_notes() const = 0;

  /// Finishes the network for these images and checks that its output fits. Throws Error (model).
  virtual void build(const data::ImageShape& shape, int classes) = 0;

  /// Throws Error (usage) when the recipe does not fit the network or the device.
  virtual void set_recipe(const Recipe& recipe, const Normalisation& normalisation) = 0;

  /// All parameters of the network, and those that are trained.
  virtual std::vector<ParameterFacts> parameters() const = 0;
  virtual std::vector<ParameterFacts> trained() const = 0;
  /// Whether layers such as batch normalisation use the mean over a batch, and keep what they have seen.
  virtual bool normalises_batches() const = 0;
  /// Multiply-adds of a forward pass for one image.
  virtual std::int64_t multiply_adds() = 0;

  /// Begins a training run (Trainer::start). Returns the parameters that fresh weights could not be drawn for.
  virtual std::vector<std::string> start(std::uint64_t seed, bool fresh_weights) = 0;
  /// Images whose loss every later step measures after its update; none: empty. They are copied.
  virtual void set_probe(const BatchView& batch) = 0;
  /// Whether augmentation is better left to it (BatchView::augmentations): on a GPU.
  virtual bool augments() const = 0;
  /// Says that training images are the same bytes whenever their index comes again, so that a GPU may keep all of them
  /// where they fit into `bytes`. 0 images: they are not.
  virtual void keep_images(std::size_t images, std::size_t bytes) = 0;

  /// Does beforehand, for steps of such batches, what would make the first one slow: on a GPU, libraries are loaded,
  /// kernels chosen and the step captured. gain: whether gain ratios will be asked for. Leaves no trace. Throws as
  /// submit().
  virtual void prepare(int batch_size, int accumulate, bool gain) = 0;

  /// Begins one update from as many batches as the recipe accumulates (Trainer::submit). Throws Error (device),
  /// Error (model).
  virtual void submit(std::span<const BatchView> batches, double lr, bool measure_gain) = 0;
  /// What the oldest step measured that was not collected yet; waits for it.
  virtual Measurement collect() = 0;
  /// How many steps may well be begun before the first is collected: 0 where a step is done when submit() returns.
  virtual int ahead() const = 0;
  /// Both at once.
  Measurement step(std::span<const BatchView> batches, double lr, bool measure_gain) {
    submit(batches, lr, measure_gain);
    return collect();
  }
  virtual StepTimes times() const = 0;
  /// Why steps are not replayed from a CUDA graph; empty while they are, and on the CPU.
  virtual std::string not_captured_because() const = 0;

  virtual Evaluation evaluate(std::span<const BatchView> batches) = 0;
  /// Update-to-weight ratios of the step that was collected last, in the order of trained() (Trainer::update_ratios).
  virtual void record_update_ratios(bool on) = 0;
  virtual std::vector<double> update_ratios() const = 0;
};

}  // namespace lrfind::train
