#include "platform/text.hpp"

#include <gtest/gtest.h>

namespace lrfind {
namespace {

using Fields = std::vector<std::string>;

Fields fields_of(std::string_view text, char delimiter = ',') {
  const auto row = delimited_row(text, 0, delimiter);
  return row ? row->fields : Fields{"not a row"};
}

TEST(LowerCase, LeavesWhatIsNotAscii) { EXPECT_EQ(lower_case("ÄB.JPG"), "Äb.jpg"); }

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("16,,32,", ','), (std::vector<std::string_view>{"16", "", "32", ""}));
  EXPECT_EQ(split("", ','), std::vector<std::string_view>{""});
}

// The rows of RFC 4180, section 2, as Python's csv module reads them.
TEST(DelimitedRow, ReadsQuotesAsRfc4180) {
  EXPECT_EQ(fields_of("a, b ,c\r\nd"), (Fields{"a", "b", "c"}));
  EXPECT_EQ(fields_of("\"a\nb\",\"c\"\"d\",\"e, f\""), (Fields{"a\nb", "c\"d", "e, f"}));
  EXPECT_EQ(fields_of("1,2,"), (Fields{"1", "2", ""}));
  EXPECT_EQ(delimited_row("a,b\r\nc,d\n", 0, ',')->end, 5U);
  EXPECT_EQ(delimited_row("a,b\r\nc,d\n", 5, ',')->fields, (Fields{"c", "d"}));
}

TEST(DelimitedRow, TakesSeveralBlanksForOne) {
  EXPECT_EQ(fields_of("  1   2\t3 \n", ' '), (Fields{"1", "2", "3"}));
  EXPECT_EQ(fields_of("\"row 1\" 0.5", ' '), (Fields{"row 1", "0.5"}));
}

TEST(DelimitedRow, RefusesAQuoteThatIsNotClosedOrStandsBeforeText) {
  EXPECT_FALSE(delimited_row("a,\"b", 0, ','));
  EXPECT_FALSE(delimited_row("\"a\"b,c", 0, ','));
  EXPECT_FALSE(delimited_row("\"a\"b c", 0, ' '));
}

}  // namespace
}  // namespace lrfind
