// A user's own network, as a TorchScript file (torch.jit.script or torch.jit.trace). Such a file is code: load only
// files that are trusted. Loading one reads that file and nothing else.
#pragma once

#include "model/loaded_network.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lrfind::model {

class TorchScriptNetwork : public LoadedNetwork {
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

  std::vector<std::string> notes() const override;
  void replace_head(std::int64_t classes, std::uint64_t seed) override;

 private:
  struct Module;
  std::unique_ptr<Module> module_;
};

/// From now on hands what networks print to `listener`, which may be called from any thread; without one nobody hears
/// it. LibTorch has one such place per process, and it leads to stdout at first.
void hear_networks(std::function<void(const std::string& text)> listener);

}  // namespace lrfind::model
