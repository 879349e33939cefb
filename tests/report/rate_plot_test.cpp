#include "report/rate_plot.hpp"

#include "report/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace lrfind::report {
namespace {

std::vector<std::string> drawn(const RatePlot& plot, const TerminalStyle& style) {
  std::vector<std::string> lines;
  std::istringstream stream(draw_rates(plot, style));
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// As the help of lrfind schedule promises: the rate of every step from the first to the last, and the bounds' names.
TEST(RatePlot, ShowsARampFromItsFirstStepToItsLast) {
  RatePlot ramp{"a ramp", {}, {{"max", 1.0}}};
  for (int step = 1; step <= 300; ++step) ramp.lr.push_back(step / 300.0);
  for (const int columns : {40, 80, 200}) {
    const auto lines = drawn(ramp, {columns, false, false});
    ASSERT_GT(lines.size(), 10U);
    std::size_t last = 0;
    std::size_t stars = 0;
    for (const std::string& line : lines) {
      EXPECT_LE(display_width(line), columns);
      const std::size_t at = line.find('*');
      if (at == std::string::npos || line.find("max") != std::string::npos) continue;
      if (stars > 0) {
        EXPECT_LT(at, last) << "further up is further right";
      }
      last = at;
      stars = std::max(stars, line.find_last_of('*'));
    }
    EXPECT_GT(stars, static_cast<std::size_t>(columns) - 8) << "up to the right edge";
    EXPECT_NE(lines.front().find("a ramp"), std::string::npos);
    EXPECT_NE(lines[lines.size() - 2].find("300"), std::string::npos);
    EXPECT_NE(lines.back().find("step"), std::string::npos);
  }
}

TEST(RatePlot, DrawsASingleStep) {
  const auto lines = drawn({"one", {0.1}, {}}, {60, false, true});
  EXPECT_EQ(lines.back().find("nan"), std::string::npos);
  EXPECT_NE(lines[lines.size() - 2].find('1'), std::string::npos);
}

}  // namespace
}  // namespace lrfind::report
