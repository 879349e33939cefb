#include "report/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lrfind::report {
namespace {

TEST(Text, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(display_width("cat"), 3);
  EXPECT_EQ(display_width("Bär"), 3);
  EXPECT_EQ(display_width("e\u0301te\u0301"), 3) << "combining accents take no column";
  EXPECT_EQ(display_width("猫"), 2);
  EXPECT_EQ(display_width("🐈"), 2);
  EXPECT_EQ(display_width("\xFF\xFE"), 2) << "bytes that are not UTF-8 count one each";
}

TEST(Text, PrintableDisarmsControlSequences) {
  EXPECT_EQ(printable("a\x1B[31mb\n"), "a?[31mb?");
  EXPECT_EQ(printable("Bär 猫"), "Bär 猫");
  EXPECT_EQ(printable("\xC0\x80|\xED\xA0\x80"), "??|???") << "overlong form and surrogate";
  EXPECT_EQ(printable("evil\u202Egpj.exe"), "evil?gpj.exe");
  EXPECT_EQ(printable("a\u009B31m\u200Bb\u2028c\U000E0041"), "a?31m?b?c?");
  EXPECT_EQ(printable("\u0915\u094D\u200D\u0937"), "\u0915\u094D\u200D\u0937") << "a joiner is part of the letter";
}

TEST(Text, JsonKeepsWhatItSaysWithoutSteeringTheTerminal) {
  const std::string name = "a\x7F\u009B31m\u202E\U000E0041\u732B";
  const std::string text = json_printable(nlohmann::json(name).dump());
  EXPECT_EQ(text, "\"a\\u007f\\u009b31m\\u202e\\udb40\\udc41\u732B\"");
  EXPECT_EQ(nlohmann::json::parse(text).get<std::string>(), name);
}

TEST(Text, ShortenedFitsAndNeverCutsACharacter) {
  EXPECT_EQ(shortened("photos", 6), "photos");
  EXPECT_EQ(shortened("photographs", 6), "pho...");
  EXPECT_EQ(shortened("photographs", 6, true), "photo…");
  EXPECT_EQ(shortened("猫猫猫", 5, true), "猫猫…");
  EXPECT_EQ(shortened("猫猫猫", 4, true), "猫…");
}

TEST(Text, PaddedCountsColumns) {
  EXPECT_EQ(padded_right("Bär", 5), "Bär  ");
  EXPECT_EQ(padded_left("猫", 4), "  猫");
}

TEST(Text, WrappedBreaksBetweenWords) {
  EXPECT_EQ(wrapped("one two three four", 10, 2), "  one two\n  three\n  four\n");
  EXPECT_EQ(wrapped("one two three", 12, 2, "* "), "* one two\n  three\n");
  EXPECT_EQ(wrapped("/a/word/longer/than/the/line x", 10, 2), "  /a/word/longer/than/the/line\n  x\n");
}

TEST(Text, RatesHaveThreeDigits) {
  EXPECT_EQ(format_rate(0.012345), "0.0123");
  EXPECT_EQ(format_rate(0.1), "0.1");
  EXPECT_EQ(format_rate(1e-10), "1e-10");
  EXPECT_EQ(format_rate(10), "10");
  EXPECT_EQ(format_rate(1.2345e-5), "1.23e-5");
  EXPECT_EQ(format_rate(0.0005), "5e-4");
}

TEST(Text, LossesHaveFourDigits) {
  EXPECT_EQ(format_loss(2.302585), "2.303");
  EXPECT_EQ(format_loss(1.234e12), "1.234e12");
  EXPECT_EQ(format_loss(1.0 / 0.0), "-");
}

TEST(Text, DurationsReadAsClocksAndCountsHaveCommas) {
  EXPECT_EQ(format_clock(65.4), "1:05");
  EXPECT_EQ(format_clock(3661), "1:01:01");
  EXPECT_EQ(format_count(60000), "60,000");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace lrfind::report
