// A user's own network, as a program that torch.export.save wrote: each node of its graph is a call of LibTorch's
// operator, so that autograd differentiates it. Such a file is data: of what it names, mathematical operators alone are
// called (exported_functions.hpp).
#pragma once

#include "model/loaded_network.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lrfind::model {

class ExportedNetwork : public LoadedNetwork {
 public:
  /// Throws Error (model): what read_exported_file and ExportedOperation throw, no trainable parameter, a parameter
  /// that is not floating point or that the network itself changes.
  explicit ExportedNetwork(const std::string& path);
  ~ExportedNetwork() override;

  torch::Tensor forward(const torch::Tensor& images) override;
  std::vector<NamedTensor> parameters() const override;
  std::vector<NamedTensor> buffers() const override;
  void train(bool on) override;
  std::vector<std::string> initialise(std::uint64_t seed) override;
  std::optional<int> channels(const data::ImageShape& likely) override;
  std::optional<std::pair<int, int>> image_size() const override;
  std::vector<std::string> notes() const override;
  void replace_head(std::int64_t classes, std::uint64_t seed) override;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

}  // namespace lrfind::model
