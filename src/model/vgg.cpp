// VGG (Simonyan and Zisserman 2014, arXiv:1409.1556, table 1) with batch normalisation and, in place of the three large
// linear layers, global average pooling and one linear layer.
#include "model/architectures.hpp"

#include <array>

namespace lrfind::model {

namespace nn = torch::nn;

nn::Sequential vgg(const BuiltinOptions& options, int depth) {
  // Convolutions in each of the five blocks; the paper's depth counts its three linear layers too.
  const std::array<int, 5> blocks = depth == 11   ? std::array<int, 5>{1, 1, 2, 2, 2}
                                    : depth == 13 ? std::array<int, 5>{2, 2, 2, 2, 2}
                                                  : std::array<int, 5>{2, 2, 3, 3, 3};
  constexpr std::array<std::int64_t, 5> widths{64, 128, 256, 512, 512};
  nn::Sequential layers;
  std::int64_t in = options.channels;
  std::int64_t side = std::min(options.height, options.width);
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    const std::int64_t out = scaled(widths[block], options);
    for (int i = 0; i < blocks[block]; ++i) {
      const std::string n = std::to_string(block + 1) + "_" + std::to_string(i + 1);
      layers->push_back("conv" + n, ConvNorm(in, out, 3));
      layers->push_back("relu" + n, nn::ReLU(nn::ReLUOptions(true)));
      in = out;
    }
    if (side >= 2) {
      layers->push_back("pool" + std::to_string(block + 1), nn::MaxPool2d(2));
      side /= 2;
    }
  }
  add_head(layers, in, options.classes);
  return layers;
}

}  // namespace lrfind::model
