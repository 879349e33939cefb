// What arrives on the device. The CPU stands in for it: the memory that stays in place and the gathering are the same.
#include "train/cuda/device_batches.hpp"

#include <gtest/gtest.h>

namespace lrfind::train {
namespace {

constexpr std::int64_t images = 10, side = 4;

// Image i of a data set that never changes.
torch::Tensor image(std::uint32_t i) { return torch::full({1, side, side, 3}, static_cast<int>(i) * 7, torch::kByte); }

ByteTensors batch_of(const std::vector<std::uint32_t>& indices, bool known = true) {
  std::vector<torch::Tensor> pixels;
  std::vector<std::int64_t> labels;
  for (const auto i : indices) {
    pixels.push_back(image(i));
    labels.push_back(i % 3);
  }
  return {torch::cat(pixels), torch::tensor(labels, torch::kLong),
          known ? std::span(indices) : std::span<const std::uint32_t>{}};
}

void expect_arrives(DeviceBatches& device_batches, const std::vector<std::uint32_t>& indices, bool known = true) {
  const auto batch = batch_of(indices, known);
  const auto& arrived = device_batches.bring({batch});
  ASSERT_EQ(arrived.size(), 1U);
  EXPECT_TRUE(arrived[0].pixels.equal(batch.pixels));
  EXPECT_TRUE(arrived[0].labels.equal(batch.labels));
}

TEST(DeviceBatches, WhoeverHoldsABatchSeesTheNextOne) {
  DeviceBatches device_batches(torch::kCPU);
  const ByteTensors held = device_batches.bring({batch_of({1, 2, 3})})[0];  // as a captured step does
  device_batches.bring({batch_of({4, 5, 6})});
  EXPECT_TRUE(held.pixels.equal(batch_of({4, 5, 6}).pixels));
  EXPECT_TRUE(held.labels.equal(batch_of({4, 5, 6}).labels));
  EXPECT_EQ(device_batches.moves(), 1);
}

TEST(DeviceBatches, AnotherShapeMovesThem) {
  DeviceBatches device_batches(torch::kCPU);
  expect_arrives(device_batches, {1, 2, 3});
  expect_arrives(device_batches, {1, 2});
  EXPECT_EQ(device_batches.moves(), 2);
}

TEST(DeviceBatches, WhatArrivedDoesNotChangeWithTheSource) {
  DeviceBatches device_batches(torch::kCPU);
  const std::vector<std::uint32_t> indices = {1, 2};
  auto batch = batch_of(indices);
  const auto& arrived = device_batches.bring({batch});
  const auto expected = batch.pixels.clone();
  batch.pixels.zero_();
  EXPECT_TRUE(arrived[0].pixels.equal(expected));
}

TEST(DeviceBatches, KeptImagesAreBroughtOnce) {
  DeviceBatches device_batches(torch::kCPU);
  device_batches.keep(images, images * side * side * 3);
  expect_arrives(device_batches, {3, 1, 2});
  EXPECT_EQ(device_batches.brought(), 3U);
  expect_arrives(device_batches, {1, 9, 1});
  EXPECT_EQ(device_batches.brought(), 4U);
  expect_arrives(device_batches, {2, 3, 9});
  EXPECT_EQ(device_batches.brought(), 4U);
}

TEST(DeviceBatches, AnImageTwiceInABatchIsBroughtOnce) {
  DeviceBatches device_batches(torch::kCPU);
  device_batches.keep(images, images * side * side * 3);
  expect_arrives(device_batches, {4, 4, 5});
  EXPECT_EQ(device_batches.brought(), 2U);
}

TEST(DeviceBatches, NothingIsKeptBeyondTheBudgetOrWithoutIndices) {
  DeviceBatches small(torch::kCPU);
  small.keep(images, images * side * side * 3 - 1);
  expect_arrives(small, {1, 2});
  expect_arrives(small, {1, 2});
  EXPECT_EQ(small.brought(), 4U);
  DeviceBatches unknown(torch::kCPU);
  unknown.keep(images, 1 << 20);
  expect_arrives(unknown, {1, 2}, false);
  expect_arrives(unknown, {1, 2}, false);
  EXPECT_EQ(unknown.brought(), 4U);
}

TEST(DeviceBatches, BatchesThatAreAccumulatedArriveSideBySide) {
  DeviceBatches device_batches(torch::kCPU);
  const std::vector<std::uint32_t> first = {1, 2}, second = {3, 4};
  const auto& arrived = device_batches.bring({batch_of(first), batch_of(second)});
  ASSERT_EQ(arrived.size(), 2U);
  EXPECT_TRUE(arrived[0].pixels.equal(batch_of(first).pixels));
  EXPECT_TRUE(arrived[1].pixels.equal(batch_of(second).pixels));
}

}  // namespace
}  // namespace lrfind::train
