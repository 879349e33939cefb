#include "platform/block_pool.hpp"

#include "platform/tensor_memory.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace lrfind::train {
namespace {

constexpr std::size_t page = 4096;

TEST(BlockPool, JoinsWhatIsGivenBackInAnyOrder) {
  BlockPool pool(4 * page);
  std::vector<void*> blocks;
  const std::vector<std::size_t> orders[] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 1, 3}, {1, 3, 0, 2}};
  for (const auto& order : orders) {
    blocks.clear();
    for (int i = 0; i < 4; ++i) blocks.push_back(pool.take(page));
    EXPECT_EQ(pool.take(1), nullptr);
    for (const std::size_t i : order) pool.give_back(blocks[i]);
    void* const whole = pool.take(4 * page);
    ASSERT_NE(whole, nullptr);
    pool.give_back(whole);
  }
}

TEST(BlockPool, ARepeatedPatternReachesNoFurther) {
  BlockPool pool(std::size_t{1} << 30U);
  std::uintptr_t furthest = 0;  // end of a block, in the first step
  for (int step = 0; step < 20; ++step) {
    std::mt19937 draw(7);  // the same in every step, and all is given back at its end
    std::vector<void*> blocks;
    for (int i = 0; i < 200; ++i) {
      if (draw() % 3 == 0 && !blocks.empty()) {
        std::swap(blocks[draw() % blocks.size()], blocks.back());
        pool.give_back(blocks.back());
        blocks.pop_back();
      } else {
        const std::size_t bytes = 1 + draw() % (100 * page);
        blocks.push_back(pool.take(bytes));
        const auto end = reinterpret_cast<std::uintptr_t>(blocks.back()) + bytes;
        if (step == 0) furthest = std::max(furthest, end);
        ASSERT_LE(end, furthest);
      }
    }
    for (void* block : blocks) pool.give_back(block);
  }
}

TEST(BlockPool, BlocksNeverOverlap) {
  BlockPool pool(std::size_t{1} << 28U);
  std::mt19937 draw(1);
  struct Block {
    std::uint8_t* start;
    std::size_t bytes;
    std::uint8_t mark;
  };
  std::vector<Block> blocks;
  for (int i = 0; i < 3000; ++i) {
    if (draw() % 2 == 0 && !blocks.empty()) {
      std::swap(blocks[draw() % blocks.size()], blocks.back());
      const Block block = blocks.back();
      ASSERT_EQ(block.start[0], block.mark);
      ASSERT_EQ(block.start[block.bytes - 1], block.mark);
      pool.give_back(block.start);
      blocks.pop_back();
      continue;
    }
    const std::size_t bytes = 1 + draw() % (20 * page);
    auto* const start = static_cast<std::uint8_t*>(pool.take(bytes));
    ASSERT_TRUE(pool.owns(start));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(start) % page, 0U);
    blocks.push_back({start, bytes, static_cast<std::uint8_t>(i)});
    std::memset(start, i, bytes);
  }
}

TEST(BlockPool, AskedForTooMuchHandsOutNothing) {
  BlockPool pool(10 * page);
  EXPECT_EQ(pool.take(11 * page), nullptr);
  EXPECT_EQ(pool.take(SIZE_MAX), nullptr);
  EXPECT_NE(pool.take(10 * page), nullptr);
  BlockPool refused(SIZE_MAX / 4 * 3);
  EXPECT_EQ(refused.take(page), nullptr);
  EXPECT_FALSE(refused.owns(&pool));
}

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

TEST(TensorMemory, TakingLargeTensorsAgainCostsNoPageFaults) {
  const auto before = torch::ones({1 << 20});  // from another allocator, and given back to that one
  keep_tensor_memory();
  keep_tensor_memory();
  const auto step = [] {
    const auto a = torch::full({8 << 20}, 2.0F), b = a * 3;
    EXPECT_EQ((a + b).sum().item<float>(), 8.0F * (8 << 20));
  };
  step();
  const long first = page_faults();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_LT(page_faults() - first, 1000);  // afresh, a step would cost 24576: 96 MiB
  EXPECT_EQ(before.sum().item<float>(), 1 << 20);
  EXPECT_EQ(torch::ones({3}).clone().sum().item<float>(), 3);
  auto grows = torch::ones({1 << 18});
  grows.resize_({1 << 20});
  EXPECT_EQ(grows.narrow(0, 0, 1 << 18).sum().item<float>(), 1 << 18);
}

}  // namespace
}  // namespace lrfind::train
