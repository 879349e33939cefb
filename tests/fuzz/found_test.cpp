// What the fuzzers found once: found/TARGET-NAME goes through its reader again. The program ends by itself, or the test
// fails with it.
#include "fuzz/targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace lrfind::fuzz {
namespace {

TEST(FoundInputs, AreAnsweredByTheirReaders) {
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LRFIND_FOUND_INPUTS)) {
    const std::string name = entry.path().filename().string();
    const std::string wanted = name.substr(0, name.find('-'));
    const auto target =
        std::find_if(targets().begin(), targets().end(), [&](const Target& each) { return each.name == wanted; });
    ASSERT_NE(target, targets().end()) << name;
    SCOPED_TRACE(name);
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_NO_THROW(target->read(bytes));
    ++read;
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace lrfind::fuzz
