#include <data/batch/random.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

namespace lrfind::data {
namespace {

TEST(Random, IsSplitMix64) {
  // First outputs for seed 1234567, from the reference implementation's published test vector.
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
  EXPECT_EQ(random.next(), 9817491932198370423U);
}

TEST(Random, BelowIsUniform) {
  Random random(1);
  std::vector<int> counts(7);
  constexpr int draws = 70000;
  for (int i = 0; i < draws; ++i) ++counts[random.below(7)];
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - draws / 7.0) * (count - draws / 7.0) / (draws / 7.0);
  EXPECT_LT(chi_square, 22.46);  // 6 degrees of freedom, p = 0.001
}

TEST(Random, SeedsOfDifferentNumbersDiffer) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t a = 0; a < 50; ++a) {
    for (std::uint64_t b = 0; b < 50; ++b) seeds.insert(seed_of(a, b));
  }
  EXPECT_EQ(seeds.size(), 2500U);
}

TEST(Permutation, HoldsEveryNumberOnce) {
  for (const std::uint32_t n : {1U, 2U, 3U, 7U, 64U, 1000U, 60000U}) {
    const Permutation order(n, 5);
    std::vector<bool> seen(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      ASSERT_LT(order[i], n);
      ASSERT_FALSE(seen[order[i]]) << n;
      seen[order[i]] = true;
    }
  }
}

TEST(Permutation, AllOrdersOfFourAreEquallyLikely) {
  std::vector<int> counts(256);
  constexpr int draws = 48000;
  for (int seed = 0; seed < draws; ++seed) {
    const Permutation order(4, mix(static_cast<std::uint64_t>(seed)));
    ++counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]];
  }
  double chi_square = 0;
  int kinds = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++kinds;
    chi_square += (count - draws / 24.0) * (count - draws / 24.0) / (draws / 24.0);
  }
  EXPECT_EQ(kinds, 24);
  EXPECT_LT(chi_square, 49.73);  // 23 degrees of freedom, p = 0.001
}

TEST(Permutation, NeighboursLandIndependently) {
  // The correlation of order[i] and order[i + 1] over many i is that of a shuffled deck: about -1/n.
  constexpr std::uint32_t n = 20000;
  const Permutation order(n, 9);
  double sum = 0;
  for (std::uint32_t i = 0; i + 1 < n; ++i) {
    sum += (order[i] - (n - 1) / 2.0) * (order[i + 1] - (n - 1) / 2.0);
  }
  const double variance = (static_cast<double>(n) * n - 1) / 12;
  EXPECT_LT(std::abs(sum / (n - 1) / variance), 4 / std::sqrt(static_cast<double>(n)));
}

}  // namespace
}  // namespace lrfind::data
