#include "platform/parse_json.hpp"

#include "platform/excerpt.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace lrfind {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_json(text);
  } catch (const JsonError& error) {
    return error.what();
  }
  return "none";
}

TEST(ParseJson, GivesWhatNlohmannGives) {
  for (const char* text : {"null", "[]", "{}", R"({"b": [1, -2, 3.5, true, "x\u00e9"], "a": {"c": {}, "d": [[]]}})",
                           R"({"a": 1, "b": 2, "a": {"c": 3}})"}) {
    const auto expected = nlohmann::ordered_json::parse(text);
    EXPECT_EQ(parse_json(text).dump(), expected.dump()) << text;
  }
}

TEST(ParseJson, KeepsTheLastOfManyEqualKeysInTheFirstOnesPlace) {
  std::string text = "{";
  for (int i = 0; i < 50; ++i) text += "\"k" + std::to_string(i % 40) + "\": " + std::to_string(i) + ", ";
  const std::string whole = text + "\"end\": 0}";
  EXPECT_EQ(parse_json(whole).dump(), nlohmann::ordered_json::parse(whole).dump());
}

TEST(ParseJson, SaysWhatCannotBeTakenAndWhere) {
  EXPECT_EQ(refusal(R"({"a": 1e400})"), "holds the number 1e400, which is out of range (at byte 11)");
  EXPECT_EQ(refusal(R"({"a": )"), "is not JSON (at byte 7)");
  EXPECT_EQ(refusal(""), "is not JSON (at byte 1)");
  EXPECT_EQ(refusal(std::string(100, '[') + std::string(100, ']')), "none");
  EXPECT_EQ(refusal(std::string(18'000, '[')), "nests more than 100 levels of brackets (at byte 101)");
  EXPECT_EQ(refusal(R"(["[[\"[", )" + std::string(100, '[')), "nests more than 100 levels of brackets (at byte 110)");
}

TEST(ParseJson, TakesTimeInProportionToTheNumberOfKeys) {
  const auto seconds = [](int keys) {
    std::string text = "{\"k\": 0";
    for (int i = 0; i < keys; ++i) text += ", \"k" + std::to_string(i) + "\": 1";
    text += "}";
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(parse_json(text).size(), static_cast<std::size_t>(keys) + 1);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // A search through all keys for each would take minutes.
  EXPECT_LT(seconds(300'000), 20);
}

TEST(Excerpt, CutsLongValuesBetweenCharacters) {
  EXPECT_EQ(excerpt("short"), "short");
  EXPECT_EQ(excerpt(std::string(20'000'000, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(excerpt(std::string(79, 'x') + "é" + std::string(99, 'y')), std::string(79, 'x') + "...");
}

TEST(Excerpt, KeepsTheEndOfASentenceAroundALongWord) {
  EXPECT_EQ(readable_length("key \"" + std::string(5000, 'k') + "\"; it takes a number"),
            "key \"" + std::string(79, 'k') + "...kkkkkk\"; it takes a number");
  std::string many;
  for (int i = 0; i < 9000; ++i) many += "ab ";
  EXPECT_LT(readable_length(many + "the end").size(), 3100U);
  EXPECT_NE(readable_length(many + "the end").find("the end"), std::string::npos);
}

}  // namespace
}  // namespace lrfind
