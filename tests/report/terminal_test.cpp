#include "report/terminal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>

namespace lrfind::report {
namespace {

class Terminal : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR"}) ::unsetenv(name);
    ::setenv("TERM", "xterm", 1);
    winsize size{};
    size.ws_col = 123;
    size.ws_row = 40;
    ASSERT_EQ(::openpty(&controller_, &terminal_, nullptr, nullptr, &size), 0);
    file_ = ::open("/dev/null", O_WRONLY);
  }
  void TearDown() override {
    ::close(controller_);
    ::close(terminal_);
    ::close(file_);
  }
  int controller_ = -1, terminal_ = -1, file_ = -1;
};

TEST_F(Terminal, KnowsARealTerminalAndItsWidth) {
  EXPECT_TRUE(is_terminal(terminal_));
  EXPECT_EQ(terminal_columns(terminal_), 123);
  EXPECT_TRUE(colour_welcome(terminal_));
  EXPECT_TRUE(can_rewrite_line(terminal_));
}

TEST_F(Terminal, OffATerminalTheWidthIsThatOfColumnsOr80) {
  EXPECT_FALSE(is_terminal(file_));
  EXPECT_FALSE(colour_welcome(file_));
  EXPECT_EQ(terminal_columns(file_), 80);
  ::setenv("COLUMNS", "60", 1);
  EXPECT_EQ(terminal_columns(file_), 60);
  for (const char* nonsense : {"", "0", "-5", "wide", "80x", "99999999999"}) {
    ::setenv("COLUMNS", nonsense, 1);
    EXPECT_EQ(terminal_columns(file_), 80) << nonsense;
  }
}

TEST_F(Terminal, HonoursNoColorAndDumbTerminals) {
  ::setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(colour_welcome(terminal_)) << "empty counts as unset (no-color.org)";
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(colour_welcome(terminal_));
  EXPECT_TRUE(can_rewrite_line(terminal_));
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(colour_welcome(terminal_));
  EXPECT_FALSE(can_rewrite_line(terminal_));
}

TEST_F(Terminal, TheFirstSetLocaleVariableDecides) {
  EXPECT_FALSE(utf8_locale());
  ::setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_TRUE(utf8_locale());
  ::setenv("LC_CTYPE", "C.utf8", 1);
  EXPECT_TRUE(utf8_locale());
  ::setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(utf8_locale());
  EXPECT_FALSE(terminal_style(terminal_).unicode);
}

}  // namespace
}  // namespace lrfind::report
