#include "report/summary.hpp"

#include "report/example.hpp"
#include "report/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace lrfind::report {
namespace {

const TerminalStyle plain{80, false, false};

TEST(Summary, GivesTheRatesAndHowToUseThem) {
  EXPECT_EQ(summary(example_result(), plain),
            "  Learning rate    0.02      90 % interval 0.015 to 0.03, rule valley\n"
            "  Peak             0.08      for one-cycle, cosine, decay\n"
            "  Cycle            0.001 to 0.08\n"
            "\n"
            "  Either hold lr = 0.02 constant, give a one-cycle, cosine or otherwise decaying\n"
            "  schedule its peak at 0.08, or cycle between 0.001 and 0.08.\n");
}

TEST(Summary, LeavesOutBoundsThatAreNotKnown) {
  Result result = example_result();
  result.suggestion.min_lr = result.suggestion.max_lr = std::nullopt;
  result.suggestion.interval = std::nullopt;
  EXPECT_EQ(summary(result, plain),
            "  Learning rate    0.02      rule valley\n"
            "\n"
            "  Hold lr = 0.02 constant.\n");
}

TEST(Summary, SaysWhyASuggestionIsNotTrusted) {
  Result result = example_result();
  result.suggestion = {};
  result.suggestion.reasons = {{"never-fell", "The loss never fell; raise --max-lr or check the labels.", true}};
  EXPECT_EQ(summary(result, plain),
            "  No learning rate can be suggested from this curve.\n"
            "\n"
            "  Not trusted: The loss never fell; raise --max-lr or check the labels.\n");
}

TEST(Summary, WarnsOfFilesNotesAndInterruption) {
  Result result = example_result();
  result.complete = false;
  result.dataset.unreadable = {{"cat/1.jpg", "truncated"}};
  result.dataset.misnamed = {{"a", ""}, {"b", ""}, {"c", ""}, {"evil\x1B[2J", ""}};
  result.dataset.notes = {"class 'cat' has 9 in 10 images"};
  EXPECT_EQ(warnings(result, plain),
            "  Warning: The run was interrupted; this is what was measured until then.\n"
            "  Warning: 1 image could not be read and was left out: cat/1.jpg (truncated).\n"
            "  Warning: 4 images of another format than the name says, e.g. a, b, c; the\n"
            "    result names them all.\n"
            "  Warning: Class 'cat' has 9 in 10 images.\n");
}

TEST(Summary, FitsTheWidthAndDisarmsNames) {
  Result result = example_result();
  result.dataset.unreadable = {{"evil\x1B[2J.jpg", "truncated"}};
  for (int columns = 50; columns < 120; ++columns) {
    std::istringstream lines(summary(result, {columns, false, false}));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(display_width(line), columns) << line;
      EXPECT_EQ(line.find('\x1B'), std::string::npos);
    }
  }
}

TEST(Summary, ColoursOnlyWhereAsked) {
  const std::string coloured = summary(example_result(), {80, true, false});
  EXPECT_NE(coloured.find("\x1B[1m0.02\x1B[0m"), std::string::npos);
}

}  // namespace
}  // namespace lrfind::report
