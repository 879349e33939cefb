#include "report/reasons.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

namespace lrfind::report {
namespace {

Suggestion of_steady_fall() {
  std::vector<double> lr, loss;
  for (int i = 0; i < 60; ++i) {
    lr.push_back(std::pow(10, -5 + 0.05 * i));
    loss.push_back(5 - 0.06 * i);
  }
  return suggest(lr, loss);
}

TEST(Reasons, NameTheFlagBehindWhatWasSeen) {
  const Suggestion plain = of_steady_fall();
  ASSERT_EQ(plain.reasons.size(), 1U);
  ASSERT_EQ(plain.reasons[0].code, "still-falling");
  EXPECT_EQ(plain.reasons[0].message.find("--"), std::string::npos);
  EXPECT_NEAR(plain.reasons[0].values.at("max_lr"), 100 * std::pow(10, -2.05), 1e-9);
  const std::string seen = plain.reasons[0].message.substr(0, plain.reasons[0].message.size() - 1);
  EXPECT_EQ(with_flags(plain).reasons[0].message, seen + "; raise --max-lr, for example to 0.891.");
}

TEST(Reasons, StayAsTheyAreWithoutAdvice) {
  Suggestion suggestion;
  suggestion.reasons = {{"one-class-dominates", "All are of one class; balance the images.", false}};
  EXPECT_EQ(with_flags(suggestion).reasons[0].message, "All are of one class; balance the images.");
}

// Two dashes and a letter in a text or a comment; elsewhere they decrement.
bool names_flag(const std::string& line) {
  const std::size_t text = std::min(line.find('"'), line.find("//"));
  for (std::size_t at = line.find("--", text); at != std::string::npos; at = line.find("--", at + 1))
    if (at + 2 < line.size() && line[at + 2] >= 'a' && line[at + 2] <= 'z') return true;
  return false;
}

TEST(Reasons, OfTheAnalysisKnowNoFlags) {
  EXPECT_TRUE(names_flag("// raise --max-lr"));
  EXPECT_FALSE(names_flag("while (--left > 0) f();"));
  int files = 0;
  for (const char* folder : {"/include/lrfind", "/src/analysis"}) {
    for (const auto& entry : std::filesystem::directory_iterator(std::string(LRFIND_SOURCE) + folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream input(entry.path());
      for (std::string line; std::getline(input, line);) EXPECT_FALSE(names_flag(line)) << entry.path() << ": " << line;
      ++files;
    }
  }
  EXPECT_GT(files, 20);
}

}  // namespace
}  // namespace lrfind::report
