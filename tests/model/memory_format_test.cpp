// Which networks must not be trained channels-last on the CPU.
#include "model/memory_format.hpp"

#include "model/builtin.hpp"

#include <gtest/gtest.h>

namespace lrfind::model {
namespace {

constexpr auto channels_last = torch::MemoryFormat::ChannelsLast;
constexpr auto contiguous = torch::MemoryFormat::Contiguous;

struct Convolution {
  std::int64_t in, out, kernel, stride;
  bool transposed = false;
};

// One convolution and an average over what it answers.
class OneConvolution : public Network {
 public:
  explicit OneConvolution(const Convolution& c)
      : weight_(torch::zeros({c.transposed ? c.in : c.out, c.transposed ? c.out : c.in, c.kernel, c.kernel})),
        stride_(c.stride),
        transposed_(c.transposed) {}
  torch::Tensor forward(const torch::Tensor& images) override {
    const auto answer =
        transposed_ ? at::conv_transpose2d(images, weight_, {}, stride_) : at::conv2d(images, weight_, {}, stride_);
    return answer.mean({2, 3});
  }
  std::vector<NamedTensor> parameters() const override { return {{"weight", weight_}}; }
  std::vector<NamedTensor> buffers() const override { return {}; }
  void train(bool /*on*/) override {}
  std::vector<std::string> initialise(std::uint64_t /*seed*/) override { return {}; }

 private:
  torch::Tensor weight_;
  std::int64_t stride_;
  bool transposed_;
};

torch::MemoryFormat format_of(const Convolution& c, torch::DeviceType device = torch::kCPU) {
  OneConvolution network(c);
  return memory_format(network, torch::zeros({1, c.in, 8, 8}), device);
}

TEST(MemoryFormat, IsContiguousWithStridedPointConvolutionsOverFewChannels) {
  EXPECT_EQ(format_of({4, 32, 1, 2}), contiguous);
  EXPECT_EQ(format_of({15, 32, 1, 2}), contiguous);
  EXPECT_EQ(format_of({32, 4, 1, 2, true}), contiguous);
}

TEST(MemoryFormat, IsChannelsLastWithAllOthers) {
  EXPECT_EQ(format_of({16, 32, 1, 2}), channels_last);
  EXPECT_EQ(format_of({4, 32, 1, 1}), channels_last);
  EXPECT_EQ(format_of({4, 32, 3, 2}), channels_last);
}

TEST(MemoryFormat, IsChannelsLastOnAGpu) { EXPECT_EQ(format_of({4, 32, 1, 2}, torch::kCUDA), channels_last); }

TEST(MemoryFormat, OfBuiltinNetworksDependsOnTheirWidth) {
  for (const double width : {0.25, 1.0}) {
    const auto network = make_builtin("resnet8", {.width_factor = width});
    EXPECT_EQ(memory_format(*network, torch::zeros({1, 3, 32, 32}), torch::kCPU),
              width < 1 ? contiguous : channels_last);
  }
}

}  // namespace
}  // namespace lrfind::model
