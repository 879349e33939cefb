#include <data/image/decode.hpp>
#include <data/image/decode_budget.hpp>

#include "data/files.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace lrfind::data {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

TEST(DecodeBudget, SharesNeverExceedItHoweverManyThreadsAsk) {
  DecodeBudget budget(10 * mib);
  std::atomic<std::uint64_t> held{0}, most{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 200; ++i) {
        const std::uint64_t bytes = (1 + (t + i) % 10) * mib;
        const DecodeBudget::Share share(budget, bytes);
        const std::uint64_t now = held += bytes;
        std::uint64_t before = most;
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
        held -= bytes;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 10 * mib);
  EXPECT_GE(most, 5 * mib);
}

TEST(DecodeBudget, RefusesWhatIsLargerThanAllOfItAndNamesTheOption) {
  const DecodeBudget budget(10 * mib);
  EXPECT_EQ(budget.refusal(10 * mib), "");
  EXPECT_EQ(budget.refusal(10 * mib + 1), "takes 11 MiB to decode, more than --decode-mb 10 allows");
}

std::string refusal(const test::FileBytes& file, std::uint64_t bytes) {
  DecodeBudget budget(bytes);
  return decode(file, {.shape = {32, 32, 3}}, budget).error;
}

// A million pixels: three bytes each, and in a progressive JPEG as many coefficients of two bytes at least.
TEST(DecodeBudget, CountsWhatEachFormatTakes) {
  const cv::Mat photo = test::photo(1024, 1024, 1);
  for (const char* format : {".png", ".bmp", ".ppm", ".tif", ".webp"}) {
    const auto file = test::encode(format, photo);
    EXPECT_EQ(refusal(file, 16 * mib), "") << format;
    EXPECT_NE(refusal(file, mib).find("more than --decode-mb 1 allows"), std::string::npos) << format;
  }
  std::vector<std::uint8_t> baseline, progressive;
  cv::imencode(".jpg", photo, baseline);
  cv::imencode(".jpg", photo, progressive, {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  EXPECT_EQ(refusal(baseline, mib), "") << "decoded by rows";
  EXPECT_EQ(refusal(progressive, 8 * mib), "");
  EXPECT_NE(refusal(progressive, 2 * mib).find("more than --decode-mb 2 allows"), std::string::npos);
  progressive.resize(progressive.size() - 2);
  EXPECT_NE(refusal(progressive, 2 * mib).find("more than --decode-mb 2 allows"), std::string::npos)
      << "without its end";
}

}  // namespace
}  // namespace lrfind::data
