#include "model/builtin.hpp"
#include <lrfind/error.hpp>

#include "model/architectures.hpp"
#include "model/initialise.hpp"
#include "platform/did_you_mean.hpp"
#include "platform/text.hpp"

#include <algorithm>

namespace lrfind::model {

namespace nn = torch::nn;

namespace {

class BuiltinNetwork : public Network {
 public:
  explicit BuiltinNetwork(nn::Sequential layers) : layers_(std::move(layers)) {}

  torch::Tensor forward(const torch::Tensor& images) override { return layers_->forward(images); }

  std::vector<NamedTensor> parameters() const override { return named(layers_->named_parameters()); }
  std::vector<NamedTensor> buffers() const override { return named(layers_->named_buffers()); }
  void train(bool on) override { layers_->train(on); }

  std::vector<std::string> initialise(std::uint64_t seed) override {
    auto generator = make_generator(seed);
    for (const auto& module : layers_->modules()) {
      if (const auto* convolution = module->as<nn::Conv2d>()) {
        initialise_affine(convolution->weight, convolution->bias, generator);
      } else if (const auto* linear = module->as<nn::Linear>()) {
        initialise_affine(linear->weight, linear->bias, generator);
      } else if (const auto* norm = module->as<nn::BatchNorm2d>()) {
        initialise_norm(norm->weight, norm->bias, norm->running_mean, norm->running_var, norm->num_batches_tracked);
      }
    }
    return {};
  }

 private:
  static std::vector<NamedTensor> named(const torch::OrderedDict<std::string, torch::Tensor>& tensors) {
    std::vector<NamedTensor> list;
    for (const auto& item : tensors) list.push_back({item.key(), item.value()});
    return list;
  }

  nn::Sequential layers_;
};

int chosen_depth(const BuiltinDescription& network, int depth) {
  if (depth == 0) return network.depths.empty() ? 0 : network.depths.front();
  if (std::find(network.depths.begin(), network.depths.end(), depth) != network.depths.end()) return depth;
  std::string allowed;
  for (const int d : network.depths) allowed += (allowed.empty() ? "" : ", ") + std::to_string(d);
  throw model_error("--depth " + std::to_string(depth) + " does not fit --model " + network.name + ", which " +
                    (allowed.empty() ? "has one depth only" : "takes " + allowed));
}

nn::Sequential build(const std::string& name, const BuiltinOptions& options, int depth) {
  if (name == "small-cnn") return small_cnn(options, true);
  if (name == "plain-cnn") return small_cnn(options, false);
  if (name == "resnet8" || name == "resnet20") return cifar_resnet(options, depth);
  if (name == "resnet18") return imagenet_resnet(options, depth);
  if (name == "vgg11") return vgg(options, depth);
  return mobilenet_v2(options);
}

}  // namespace

std::unique_ptr<Network> make_builtin(const std::string& name, const BuiltinOptions& options) {
  const BuiltinDescription* description = find_builtin(name);
  if (description == nullptr) {
    std::vector<std::string> names;
    for (const auto& network : builtin_networks()) names.push_back(network.name);
    throw model_error("there is no built-in network called \"" + name + "\"; there are " + joined(names) +
                      ", and any file of torch.export (.pt2) or TorchScript (.pt)" + did_you_mean(name, names));
  }
  return std::make_unique<BuiltinNetwork>(build(name, options, chosen_depth(*description, options.depth)));
}

}  // namespace lrfind::model
