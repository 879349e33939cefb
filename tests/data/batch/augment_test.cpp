#include <data/batch/augment.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace lrfind::data {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Every pixel another value, the channels of a pixel alike.
Bytes ramp(const ImageShape& shape) {
  Bytes pixels(shape.bytes());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(1 + i / static_cast<std::size_t>(shape.channels) % 250);
  }
  return pixels;
}

Bytes augmented(const std::string& list, Bytes pixels, const ImageShape& shape, std::uint64_t seed) {
  Random random(seed_of(seed));
  augment(parse_augmentations(list), pixels.data(), shape, random);
  return pixels;
}

TEST(Augment, ParsesLists) {
  EXPECT_TRUE(parse_augmentations("").empty());
  EXPECT_TRUE(parse_augmentations("none").empty());
  EXPECT_EQ(parse_augmentations("crop-flip,color-jitter"),
            (std::vector<Augmentation>{Augmentation::crop_flip, Augmentation::color_jitter}));
  for (const std::string& name : augmentation_names()) EXPECT_LE(parse_augmentations(name).size(), 1U);
}

TEST(Augment, NamesTheUnknownWord) {
  for (const char* list : {"spin", "flip,spin", "flip,", "flip,none"}) {
    try {
      parse_augmentations(list);
      FAIL() << list;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("random-resized-crop"), std::string::npos) << error.what();
    }
  }
}

TEST(Augment, FlipsHalfOfTheImages) {
  const ImageShape shape{2, 3, 3};
  const Bytes pixels = ramp(shape);
  const Bytes mirrored{3, 3, 3, 2, 2, 2, 1, 1, 1, 6, 6, 6, 5, 5, 5, 4, 4, 4};
  int flips = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Bytes result = augmented("flip", pixels, shape, seed);
    ASSERT_TRUE(result == pixels || result == mirrored);
    flips += result == mirrored ? 1 : 0;
  }
  EXPECT_NEAR(flips, 500, 65);  // four standard deviations
}

TEST(Augment, MovesByUpToFourPixelsOverBlack) {
  const ImageShape shape{12, 12, 1};
  const Bytes pixels = ramp(shape);
  std::map<std::pair<int, int>, int> moves;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Bytes result = augmented("crop-flip", pixels, shape, seed);
    // Neighbouring values rise to the right unless the image was mirrored.
    const std::size_t middle = 6 * 12 + 6;
    if (result[middle] > result[middle + 1]) {
      for (int row = 0; row < 12; ++row) std::reverse(result.begin() + row * 12, result.begin() + (row + 1) * 12);
    }
    const int from = result[middle] - 1;
    const int down = 6 - from / 12;
    const int right = 6 - from % 12;
    ++moves[{down, right}];
    for (int row = 0; row < 12; ++row) {
      for (int column = 0; column < 12; ++column) {
        const bool inside = row - down >= 0 && row - down < 12 && column - right >= 0 && column - right < 12;
        const int wanted = inside ? pixels[static_cast<std::size_t>((row - down) * 12 + column - right)] : 0;
        ASSERT_EQ(result[static_cast<std::size_t>(row * 12 + column)], wanted) << seed;
      }
    }
  }
  EXPECT_EQ(moves.size(), 81U);
  EXPECT_EQ(moves.begin()->first, (std::pair{-4, -4}));
  EXPECT_EQ(moves.rbegin()->first, (std::pair{4, 4}));
}

TEST(Augment, MovesImagesSmallerThanTheMove) {
  const ImageShape shape{1, 2, 3};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(augmented("crop-flip", ramp(shape), shape, seed).size(), shape.bytes());
  }
}

TEST(Augment, CropsAndResizesWithinTheStatedAreaAndRatio) {
  // On a linear ramp in both directions the corner values give the part that was cut out.
  const ImageShape shape{64, 64, 3};
  Bytes pixels(shape.bytes());
  for (std::size_t row = 0; row < 64; ++row) {
    for (std::size_t column = 0; column < 64; ++column) {
      pixels[(row * 64 + column) * 3] = static_cast<std::uint8_t>(row * 4);
      pixels[(row * 64 + column) * 3 + 1] = static_cast<std::uint8_t>(column * 4);
    }
  }
  double smallest = 1;
  double largest = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Bytes result = augmented("random-resized-crop", pixels, shape, seed);
    const double height = (result[63 * 64 * 3] - result[0]) / 4.0 + 1;
    const double width = (result[63 * 3 + 1] - result[1]) / 4.0 + 1;
    const double area = height * width / 4096;
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    EXPECT_GT(width / height, 0.70);
    EXPECT_LT(width / height, 1.43);
  }
  EXPECT_NEAR(smallest, 0.08, 0.03);
  EXPECT_GT(largest, 0.9);
}

TEST(Augment, JittersWithinTheStatedFactors) {
  const ImageShape shape{4, 4, 3};
  Bytes grey(shape.bytes(), 100);  // on one grey, contrast and saturation change nothing
  int lowest = 255;
  int highest = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Bytes result = augmented("color-jitter", grey, shape, seed);
    EXPECT_TRUE(std::all_of(result.begin(), result.end(), [&](auto v) { return v == result[0]; }));
    lowest = std::min<int>(lowest, result[0]);
    highest = std::max<int>(highest, result[0]);
  }
  EXPECT_GE(lowest, 60);
  EXPECT_LE(lowest, 62);
  EXPECT_GE(highest, 138);
  EXPECT_LE(highest, 140);
}

TEST(Augment, JitterKeepsTheHueOfAColour) {
  const ImageShape shape{1, 2, 3};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Bytes result = augmented("color-jitter", {120, 90, 60, 120, 90, 60}, shape, seed);
    EXPECT_GE(result[0], result[1]);
    EXPECT_GE(result[1], result[2]);
    EXPECT_NEAR(result[0] - result[1], result[1] - result[2], 5);  // rounded three times
  }
}

TEST(Augment, DependsOnTheSeedAlone) {
  const ImageShape shape{16, 16, 3};
  const std::string all = "random-resized-crop,crop-flip,color-jitter";
  EXPECT_EQ(augmented(all, ramp(shape), shape, 5), augmented(all, ramp(shape), shape, 5));
  EXPECT_NE(augmented(all, ramp(shape), shape, 5), augmented(all, ramp(shape), shape, 6));
}

}  // namespace
}  // namespace lrfind::data
