// A user's own network, from a file: a program of torch.export or TorchScript.
#pragma once

#include <lrfind/error.hpp>
#include "data/image/image.hpp"
#include "model/network.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lrfind::model {

class LoadedNetwork : public Network {
 public:
  /// 1 or 3, whichever the network can be run on, by what the file says or else tried with `likely` first; nothing
  /// where neither works (another size may).
  virtual std::optional<int> channels(const data::ImageShape& likely);

  /// Height and width of the images, where the file fixes them.
  virtual std::optional<std::pair<int, int>> image_size() const { return std::nullopt; }

  /// What its user should know, a sentence each: modes that the file has baked in.
  virtual std::vector<std::string> notes() const = 0;

  /// Gives the last linear layer `classes` outputs with fresh weights from `seed`. Throws Error (model) when there is
  /// no linear layer. Call it before parameters() is used.
  virtual void replace_head(std::int64_t classes, std::uint64_t seed) = 0;
};

/// Looks at what the file is, whatever its name. Throws Error (model) where it is neither, or cannot be used.
std::unique_ptr<LoadedNetwork> load_network(const std::string& path);

/// Layers whose mode does not follow training and evaluation because a file has baked it in.
struct BakedModes {
  int frozen_norms = 0;       ///< normalise with the file's running statistics for ever
  int disabled_dropouts = 0;  ///< let everything through, also in training
  int enabled_dropouts = 0;   ///< drop, also in evaluation
};

/// What to say about them. made: how the file was, "traced" or "exported".
std::vector<std::string> notes_of(const BakedModes& modes, const std::string& path, const std::string& made);

/// The sentence for a network without a linear layer at its end.
Error no_linear_head(const std::string& path, std::int64_t classes);

/// Tensors of a network with those that are there under several names once.
std::vector<NamedTensor> each_once(const std::vector<NamedTensor>& tensors);

/// Makes every parameter a float that is trained. Throws Error (model): none, or one that is not floating point.
void require_trainable(const std::vector<NamedTensor>& parameters, const std::string& path);

/// What to say when the network failed on `images`, thrown; the device's own trouble (memory, CUDA) goes on as it is.
/// Call it where the exception was caught.
[[noreturn]] void throw_cannot_run(const std::string& what, const torch::Tensor& images, const std::exception& error);

/// Runs `images` through the network once, in evaluation mode and without gradients, and throws Error (model) unless it
/// answers with floating-point logits [N, classes].
void check_output(Network& network, const torch::Tensor& images, std::int64_t classes);

}  // namespace lrfind::model
