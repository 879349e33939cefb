#include "model/catalogue.hpp"

#include <algorithm>

namespace lrfind::model {

const std::vector<BuiltinDescription>& builtin_networks() {
  static const std::vector<BuiltinDescription> networks = {
      {"small-cnn", "three 3x3 convolutions with batch normalisation, 32-64-128 channels; the default", 64, {}},
      {"plain-cnn", "the same three convolutions without normalisation", 64, {}},
      {"resnet8", "CIFAR-style residual network (He et al. 2015, section 4.2), depth 6n+2", 64, {8, 14}},
      {"resnet20", "CIFAR-style residual network (He et al. 2015, section 4.2), depth 6n+2", 64, {20, 32, 44, 56}},
      {"resnet18", "residual network for larger images (He et al. 2015, table 1)", 224, {18, 34}},
      {"vgg11", "VGG with batch normalisation and one linear layer (Simonyan and Zisserman 2014)", 224, {11, 13, 16}},
      {"mobilenet", "MobileNetV2 (Sandler et al. 2018)", 224, {}},
  };
  return networks;
}

const BuiltinDescription* find_builtin(const std::string& name) {
  const auto& networks = builtin_networks();
  const auto found = std::find_if(networks.begin(), networks.end(), [&](const auto& n) { return n.name == name; });
  return found == networks.end() ? nullptr : &*found;
}

}  // namespace lrfind::model
