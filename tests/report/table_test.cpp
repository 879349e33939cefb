#include "report/table.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lrfind::report {
namespace {

Table classes() {
  Table table({{"class"}, {"images", Align::right}, {"first file"}});
  table.add_row({"cat", "1,200", "cat/a.jpg"});
  table.add_row({"猫", "7", "猫/a\n.jpg"});
  return table;
}

TEST(Table, AlignsColumnsByWidthOnTheScreen) {
  EXPECT_EQ(classes().text(),
            "class  images  first file\n"
            "cat     1,200  cat/a.jpg\n"
            "猫          7  猫/a?.jpg\n");
}

TEST(Table, ShortensTheWidestTextToFit) {
  EXPECT_EQ(classes().text(24, 1),
            " class  images  first...\n"
            " cat     1,200  cat/a...\n"
            " 猫          7  猫/a?...\n");
}

TEST(Table, RefusesRowsOfOtherLengths) { EXPECT_THROW(classes().add_row({"cat"}), std::invalid_argument); }

}  // namespace
}  // namespace lrfind::report
