#include "report/progress.hpp"

#include "report/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace lrfind::report {
namespace {

using std::chrono::milliseconds;

ProgressState state_at(int step) { return {step, 100, 2, 3, 0.0123, 1.2345, 1840.4}; }

class FakeClock {
 public:
  Progress::Clock reader() {
    return [this] { return now_; };
  }
  void pass(milliseconds time) { now_ += time; }

 private:
  std::chrono::steady_clock::time_point now_{};
};

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(ProgressLine, ShowsTrialStepRateLossSpeedAndTimeLeft) {
  EXPECT_EQ(progress_line(state_at(50), 30, 100, false),
            "trial 2/3  step  50/100  [#####     ]  lr 0.0123   loss 1.234   1,840 images/s  0:30 left");
  EXPECT_EQ(progress_line({3, 10}, 3, 80, false), "step  3/10  [###       ]  0:07 left");
}

TEST(ProgressLine, FitsEveryWidthAndKeepsTheStep) {
  for (const bool unicode : {false, true}) {
    for (int columns = 14; columns <= 120; ++columns) {
      const std::string line = progress_line(state_at(7), 12, columns, unicode);
      EXPECT_LE(display_width(line), columns);
      EXPECT_NE(line.find("step   7/100"), std::string::npos) << columns;
    }
  }
  EXPECT_EQ(progress_line(state_at(50), 30, 40, false), "step  50/100  lr 0.0123   0:30 left");
}

TEST(Progress, RewritesOneLineAtMostTenTimesASecondAndClearsItAtTheEnd) {
  std::ostringstream out;
  FakeClock clock;
  {
    Progress progress(
        out, ProgressDisplay::in_place, [] { return 80; }, false, clock.reader());
    for (int step = 1; step <= 100; ++step) {
      clock.pass(milliseconds(20));
      progress.update(state_at(step));
    }
  }
  const std::string text = out.str();
  EXPECT_EQ(count(text, "step"), 20) << "two seconds";
  EXPECT_EQ(count(text, "\n"), 0);
  EXPECT_TRUE(text.ends_with("\r\x1B[K"));
}

TEST(Progress, PrintsALineEveryFiveSecondsOffATerminal) {
  std::ostringstream out;
  FakeClock clock;
  Progress progress(
      out, ProgressDisplay::lines, [] { return 80; }, false, clock.reader());
  for (int step = 1; step <= 100; ++step) {
    clock.pass(milliseconds(200));
    progress.update(state_at(step));
  }
  progress.finish();
  EXPECT_EQ(count(out.str(), "\n"), 4) << "20 seconds, the first at once";
  EXPECT_EQ(count(out.str(), "\r"), 0);
  EXPECT_EQ(count(out.str(), "\x1B"), 0);
}

TEST(Progress, PutsNotesAboveTheLine) {
  std::ostringstream out;
  Progress progress(out, ProgressDisplay::in_place, [] { return 80; });
  progress.update(state_at(1));
  out.str("");
  progress.note("cat/1.jpg is truncated");
  EXPECT_EQ(out.str(), "\r\x1B[Kcat/1.jpg is truncated\n");
}

TEST(Progress, ShowsNothingWhenSwitchedOffOrFinished) {
  std::ostringstream out;
  Progress off(out, ProgressDisplay::none, [] { return 80; });
  off.update(state_at(1));
  Progress over(out, ProgressDisplay::lines, [] { return 80; });
  over.finish();
  over.update(state_at(1));
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, ModeAndTerminalDecideTheDisplay) {
  EXPECT_EQ(progress_display(ProgressMode::automatic, true), ProgressDisplay::in_place);
  EXPECT_EQ(progress_display(ProgressMode::automatic, false), ProgressDisplay::lines);
  EXPECT_EQ(progress_display(ProgressMode::always, false), ProgressDisplay::in_place);
  EXPECT_EQ(progress_display(ProgressMode::never, true), ProgressDisplay::none);
}

}  // namespace
}  // namespace lrfind::report
