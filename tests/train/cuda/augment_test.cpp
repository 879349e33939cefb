// A GPU augments whole batches; here the CPU stands in for it, and what the data path does to one image is the measure.
#include "train/cuda/augment.hpp"

#include "train/cuda/device_batches.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <tuple>
#include <vector>

namespace lrfind::train {
namespace {

struct Drawn {
  torch::Tensor pixels, expected;
  std::vector<data::AugmentationParams> augmentations;
};

Drawn draw(const std::string& list, std::int64_t images, const data::ImageShape& shape) {
  Drawn drawn;
  torch::manual_seed(3);
  drawn.pixels = torch::randint(256, {images, shape.height, shape.width, shape.channels}, torch::kByte);
  drawn.expected = drawn.pixels.clone();
  for (std::int64_t i = 0; i < images; ++i) {
    data::Random random(data::seed_of(17, static_cast<std::uint64_t>(i)));
    for (const auto kind : data::parse_augmentations(list)) {
      drawn.augmentations.push_back(data::draw(kind, shape, random));
      data::apply(drawn.augmentations.back(), drawn.expected[i].data_ptr<std::uint8_t>(), shape);
    }
  }
  return drawn;
}

torch::Tensor stay(const torch::Tensor& host) { return host; }

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat) - b.to(torch::kFloat)).abs().max().item<double>();
}

using Case = std::tuple<const char*, data::ImageShape, double>;
class AugmentBatch : public testing::TestWithParam<Case> {};

TEST_P(AugmentBatch, DoesWhatTheDataPathDoes) {
  const auto& [list, shape, tolerance] = GetParam();
  const auto drawn = draw(list, 40, shape);
  const auto before = drawn.pixels.clone();
  const auto result = augmented(drawn.pixels, drawn.augmentations, stay);
  EXPECT_EQ(result.scalar_type(), torch::kByte);
  ASSERT_TRUE(result.sizes().equals(drawn.pixels.sizes()));
  EXPECT_LE(largest_difference(result, drawn.expected), tolerance);
  EXPECT_FALSE(result.equal(before));
  EXPECT_TRUE(drawn.pixels.equal(before));
}

INSTANTIATE_TEST_SUITE_P(Kinds, AugmentBatch,
                         testing::Values(Case{"flip", {8, 7, 3}, 0}, Case{"flip", {5, 8, 1}, 0},
                                         Case{"crop-flip", {12, 9, 3}, 0}, Case{"crop-flip", {3, 2, 3}, 0},
                                         Case{"random-resized-crop", {16, 24, 3}, 1},
                                         Case{"random-resized-crop", {9, 9, 1}, 1}, Case{"color-jitter", {10, 6, 3}, 1},
                                         Case{"color-jitter", {10, 6, 1}, 1}));

TEST(AugmentBatch, OneKindFollowsTheOther) {
  const auto drawn = draw("flip,crop-flip", 20, {9, 9, 3});
  EXPECT_TRUE(augmented(drawn.pixels, drawn.augmentations, stay).equal(drawn.expected));
}

TEST(AugmentBatch, KeptImagesAreAugmentedAnewInEveryBatch) {
  DeviceBatches device_batches(torch::kCPU);
  device_batches.keep(8, 1 << 20);
  const std::vector<std::uint32_t> indices = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto drawn = draw("crop-flip", 8, {9, 9, 3});
  const auto labels = torch::arange(8);
  for (int time = 0; time < 2; ++time) {
    const auto& arrived = device_batches.bring({{drawn.pixels, labels, indices, drawn.augmentations}});
    EXPECT_TRUE(arrived[0].pixels.equal(drawn.expected));
  }
  EXPECT_EQ(device_batches.brought(), 8U);
  EXPECT_TRUE(device_batches.bring({{drawn.pixels, labels, indices}})[0].pixels.equal(drawn.pixels));
}

}  // namespace
}  // namespace lrfind::train
