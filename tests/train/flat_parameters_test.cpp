#include "train/flat_parameters.hpp"

#include <gtest/gtest.h>

namespace lrfind::train {
namespace {

constexpr auto channels_last = torch::MemoryFormat::ChannelsLast;

std::vector<torch::Tensor> some() {
  return {torch::arange(6, torch::kFloat).view({2, 3}),
          torch::arange(120, torch::kFloat).view({5, 4, 3, 2}).contiguous(channels_last), torch::tensor(7.0F),
          torch::arange(8, torch::kFloat).view({4, 2, 1, 1})};
}

TEST(FlatParameters, TensorsKeepValuesAndFormats) {
  const FlatParameters joined(some());
  const auto expected = some();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(joined.tensors()[i].equal(expected[i])) << i;
    EXPECT_EQ(joined.tensors()[i].strides(), expected[i].strides()) << i;
  }
  EXPECT_EQ(joined.values().dim(), 1);
}

TEST(FlatParameters, WhatIsWrittenToAllIsWrittenToEach) {
  const FlatParameters joined(some());
  joined.values().mul_(2);
  const auto expected = some();
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(joined.tensors()[i].equal(expected[i] * 2)) << i;
  joined.tensors()[1].zero_();
  EXPECT_EQ(joined.values().sum().item<float>(), 2 * (15 + 7 + 28));
}

TEST(FlatParameters, OthersAreJoinedInTheSameOrderWhateverTheirFormat) {
  const FlatParameters joined(some());
  auto others = some();
  others[1] = others[1].contiguous();
  EXPECT_TRUE(joined.join(others).equal(joined.values()));
}

TEST(FlatParameters, BlocksAreStretchesOfTheWholeAndCopiesOnlyWhereTensorsMeet) {
  const FlatParameters joined(some());
  const auto flat = joined.flat(some());
  for (const std::int64_t size : {1, 5, 7, 100, 135}) {
    for (std::int64_t begin = 0; begin + size <= joined.values().numel(); ++begin) {
      EXPECT_TRUE(block_of(flat, begin, size).equal(joined.values().narrow(0, begin, size))) << begin << " " << size;
    }
  }
  EXPECT_EQ(block_of(flat, 6, 120).data_ptr(), flat[1].data_ptr());
  EXPECT_EQ(block_of(flat, 16, 3).data_ptr(), flat[1].narrow(0, 10, 3).data_ptr());
}

TEST(FlatParameters, PartsAreTheTensors) {
  const FlatParameters joined(some());
  const auto parts = joined.parts(joined.values());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].data_ptr(), joined.tensors()[i].data_ptr());
    EXPECT_EQ(parts[i].norm().item<float>(), joined.tensors()[i].norm().item<float>());
  }
}

TEST(FlatParameters, ParametersStayWhatTheyWere) {
  auto parameter = torch::ones({3, 2, 3, 3}).contiguous(channels_last).requires_grad_(true);
  const FlatParameters joined({parameter});
  (parameter * 3).sum().backward();
  EXPECT_TRUE(parameter.is_leaf());
  EXPECT_TRUE(parameter.grad().equal(torch::full({3, 2, 3, 3}, 3.0F)));
}

}  // namespace
}  // namespace lrfind::train
