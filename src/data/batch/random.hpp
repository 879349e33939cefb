// Random numbers that are the same on every platform and compiler: the standard library's distributions and
// std::shuffle are not.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace lrfind::data {

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64-bit numbers that mixes all bits.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

/// One seed from several numbers; the order of the numbers matters.
template <typename... Numbers>
constexpr std::uint64_t seed_of(std::uint64_t first, Numbers... rest) {
  std::uint64_t seed = mix(first);
  ((seed = mix(seed ^ mix(static_cast<std::uint64_t>(rest) + 0x632BE59BD9B4E019U))), ...);
  return seed;
}

/// A stream of random numbers: SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    const std::uint64_t value = mix(state_);
    state_ += 0x9E3779B97F4A7C15U;
    return value;
  }

  /// Uniform in 0 .. n - 1 without bias (Lemire 2019); n must not be 0.
  std::uint32_t below(std::uint32_t n) {
    std::uint64_t product = (next() >> 32U) * n;
    if (static_cast<std::uint32_t>(product) < n) {
      const std::uint32_t unfair = (0U - n) % n;
      while (static_cast<std::uint32_t>(product) < unfair) product = (next() >> 32U) * n;
    }
    return static_cast<std::uint32_t>(product >> 32U);
  }

  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

 private:
  std::uint64_t state_;
};

/// Fisher-Yates.
template <typename T>
void shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[random.below(static_cast<std::uint32_t>(i))]);
  }
}

/// A random permutation of 0 .. n - 1 of which any element can be asked for without making the others, so that the
/// first batch of a million images costs what the first batch of a thousand does. This is the swap-or-not shuffle
/// (Hoang, Morris and Rogaway 2012): in each round x and key - x are swapped or not, by one random bit for the pair.
class Permutation {
 public:
  Permutation(std::uint32_t n, std::uint64_t seed) : n_(n) {
    std::size_t bits = 1;
    while (bits < 32 && (n >> bits) != 0) ++bits;
    Random random(seed);
    rounds_.resize(8 * bits + 16);
    for (Round& round : rounds_) round = {n == 0 ? 0 : random.below(n), random.next()};
  }

  std::uint32_t size() const { return n_; }

  std::uint32_t operator[](std::uint32_t x) const {
    for (const Round& round : rounds_) {
      const std::uint32_t partner = round.key >= x ? round.key - x : round.key + (n_ - x);
      const std::uint32_t larger = x > partner ? x : partner;
      if ((mix(round.salt ^ larger) >> 63U) != 0) x = partner;
    }
    return x;
  }

 private:
  struct Round {
    std::uint32_t key = 0;
    std::uint64_t salt = 0;
  };
  std::uint32_t n_;
  std::vector<Round> rounds_;
};

}  // namespace lrfind::data
