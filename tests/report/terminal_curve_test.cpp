#include "report/terminal_curve.hpp"

#include "report/example.hpp"
#include "report/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace lrfind::report {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

int widest(const std::string& text) {
  int width = 0;
  for (const std::string& line : lines_of(text)) width = std::max(width, display_width(line));
  return width;
}

std::string without_colour(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1B') {
      i = text.find('m', i);
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(TerminalCurve, FillsExactlyTheWidth) {
  Result measured = example_result();
  measured.curve.probe_loss = measured.curve.loss;
  for (const bool unicode : {false, true}) {
    for (int columns = 40; columns <= 250; ++columns) {
      const TerminalStyle style{columns, false, unicode};
      EXPECT_EQ(widest(draw_curve(measured, style)), columns);
      EXPECT_EQ(widest(draw_curves({{"a.json", measured}, {"b.json", measured}}, style)), columns);
    }
  }
  EXPECT_EQ(widest(draw_curve(measured, {10, false, false})), 40) << "narrower than that nothing can be read";
}

TEST(TerminalCurve, MarksDecadesSuggestionAndBoundsAt80Columns) {
  const std::string text = draw_curve(example_result(), {80, false, false});
  for (const char* label : {"1e-7", "1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "1e-1", "1e0", "1e1", "lr 0.02",
                            "min 0.001", "max 0.08", "learning rate", "loss", "batch loss", "smoothed", "suggestion"}) {
    EXPECT_TRUE(has(text, label)) << label;
  }
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F)) << "plain ASCII";
}

TEST(TerminalCurve, MarksTheIntervalOnTheAxis) {
  Result result = example_result();
  result.suggestion.interval = Interval{1e-3, 1e-1};
  // Two of eight decades on an axis of 74 columns.
  EXPECT_TRUE(has(draw_curve(result, {80, false, false}), "-" + std::string(19, '=') + "-"));
  EXPECT_TRUE(has(draw_curve(result, {80, false, false}), "= 90 % interval"));
  result.suggestion.interval = Interval{1e-30, 1e30};
  EXPECT_EQ(widest(draw_curve(result, {80, false, false})), 80);
}

TEST(TerminalCurve, ColourChangesNothingButColour) {
  Result result = example_result();
  const std::string plain = draw_curve(result, {80, false, true});
  const std::string coloured = draw_curve(result, {80, true, true});
  EXPECT_FALSE(has(plain, "\x1B"));
  EXPECT_TRUE(has(coloured, "\x1B[34m"));
  EXPECT_EQ(without_colour(coloured), plain);
}

TEST(TerminalCurve, SaysThatASuggestionIsNotTrusted) {
  Result result = example_result();
  result.suggestion.trusted = false;
  EXPECT_TRUE(has(draw_curve(result, {80, false, false}), "lr 0.02 (not trusted)"));
}

TEST(TerminalCurve, ShowsTheProbeLossWhereMeasured) {
  Result result = example_result();
  EXPECT_FALSE(has(draw_curve(result, {80, false, true}), "probe loss"));
  result.curve.probe_loss = result.curve.loss;
  EXPECT_TRUE(has(draw_curve(result, {80, false, true}), "○ probe loss"));
}

TEST(TerminalCurve, OverlaysResultsWithASymbolEach) {
  Result other = example_result();
  other.suggestion.lr = 1e-4;
  const std::string text = draw_curves({{"sgd.json", example_result()}, {"adam\x1B.json", other}}, {80, false, false});
  EXPECT_TRUE(has(text, "o sgd.json  lr 0.02   x adam?.json  lr 1e-4"));
}

TEST(TerminalCurve, DrawsWhateverWasMeasured) {
  EXPECT_EQ(draw_curve(Result(), {80, false, false}), "Nothing to draw: no step was measured.\n");
  Result result;
  result.curve.lr = {0.1};
  result.curve.loss = {not_measured};
  result.smoothed_loss = {not_measured};
  EXPECT_EQ(widest(draw_curve(result, {80, false, false})), 80);
  result.curve.loss = result.smoothed_loss = {1e308};
  EXPECT_TRUE(has(draw_curve(result, {80, false, false}), "*"));
}

// A curve small enough to check by eye: 1 until 1e-2, then 0 at 1e-1, then 1000.
TEST(TerminalCurve, DrawsAKnownCurve) {
  Result result;
  result.curve.lr = {1e-4, 1e-3, 1e-2, 1e-1, 1};
  result.curve.loss = {1, 1, 1, 0, 1000};
  result.smoothed_loss = result.curve.loss;
  result.suggestion.lr = 3e-2;
  result.suggestion.trusted = true;
  EXPECT_EQ(draw_curve(result, {40, false, false}),
            "                       lr 0.03\n"
            "loss\n"
            "     |                    |        *\n"
            "     |                    |       **\n"
            " 1.0 +******************  |       *\n"
            "     |                 ** |      **\n"
            "     |                  **|      *\n"
            "     |                   **     **\n"
            " 0.5 +                    |*    *\n"
            "     |                    | **  *\n"
            "     |                    |  ***\n"
            " 0.0 +                    |   **\n"
            "     ++-------+--------+-------+-------+\n"
            "    1e-4    1e-3     1e-2    1e-1    1e0\n"
            "                learning rate\n"
            "  . batch loss   ** smoothed\n"
            "  | suggestion\n");
}

}  // namespace
}  // namespace lrfind::report
