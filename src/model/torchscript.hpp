// A user's own network, as a TorchScript file (torch.jit.script or torch.jit.trace). Such a file is code: load only
// files that are trusted. Loading one reads that file and nothing else.
#pragma once

#include <lrfind/error.hpp>
#include "data/image/image.hpp"
#include "model/network.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lrfind::model {

class TorchScriptNetwork : public Network {
 public:
  /// Throws Error (model): no such file, not TorchScript, forward does not take one image batch, no trainable
  /// parameter, a parameter that is not floating point.
  explicit TorchScriptNetwork(const std::string& path);
  ~TorchScriptNetwork() override;

  torch::Tensor forward(const torch::Tensor& images) override;
  std::vector<NamedTensor> parameters() const override;
  std::vector<NamedTensor> buffers() const override;
  void train(bool on) override;
  std::vector<std::string> initialise(std::uint64_t seed) override;

  /// 1 or 3, whichever the network can be run on, tried with `likely` first; nothing where neither works (another size
  /// may).
  std::optional<int> channels(const data::ImageShape& likely);

  /// What its user should know: modes that a trace has baked in, a sentence each.
  std::vector<std::string> notes() const;

  /// Gives the module's last linear layer `classes` outputs with fresh weights from `seed`. Throws Error (model) when
  /// the module has no linear layer. Call it before parameters() is used.
  void replace_head(std::int64_t classes, std::uint64_t seed);

 private:
  struct Module;
  std::unique_ptr<Module> module_;
};

/// From now on hands what networks print to `listener`, which may be called from any thread; without one nobody hears
/// it. LibTorch has one such place per process, and it leads to stdout at first.
void hear_networks(std::function<void(const std::string& text)> listener);

/// Runs `images` through the network once, in evaluation mode and without gradients, and throws Error (model) unless it
/// answers with floating-point logits [N, classes].
void check_output(Network& network, const torch::Tensor& images, std::int64_t classes);

}  // namespace lrfind::model
