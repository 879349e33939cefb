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
    ASSERT_EQ(::openpty(&controller, &terminal, nullptr, nullptr, &size), 0);
    file = ::open("/dev/null", O_WRONLY);
  }
  void TearDown() override {
    ::close(controller);
    ::close(terminal);
    ::close(file);
  }
  int controller = -1, terminal = -1, file = -1;
};

TEST_F(Terminal, KnowsARealTerminalAndItsWidth) {
  EXPECT_TRUE(is_terminal(terminal));
  EXPECT_EQ(terminal_columns(terminal), 123);
  EXPECT_TRUE(colour_welcome(terminal));
  EXPECT_TRUE(can_rewrite_line(terminal));
}

TEST_F(Terminal, OffATerminalTheWidthIsThatOfColumnsOr80) {
  EXPECT_FALSE(is_terminal(file));
  EXPECT_FALSE(colour_welcome(file));
  EXPECT_EQ(terminal_columns(file), 80);
  ::setenv("COLUMNS", "60", 1);
  EXPECT_EQ(terminal_columns(file), 60);
  for (const char* nonsense : {"", "0", "-5", "wide", "80x", "99999999999"}) {
    ::setenv("COLUMNS", nonsense, 1);
    EXPECT_EQ(terminal_columns(file), 80) << nonsense;
  }
}

TEST_F(Terminal, HonoursNoColorAndDumbTerminals) {
  ::setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(colour_welcome(terminal)) << "empty counts as unset (no-color.org)";
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(colour_welcome(terminal));
  EXPECT_TRUE(can_rewrite_line(terminal));
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(colour_welcome(terminal));
  EXPECT_FALSE(can_rewrite_line(terminal));
}

TEST_F(Terminal, TheFirstSetLocaleVariableDecides) {
  EXPECT_FALSE(utf8_locale());
  ::setenv("LANG", "de_DE.UTF-8", 1);
  EXPECT_TRUE(utf8_locale());
  ::setenv("LC_CTYPE", "C.utf8", 1);
  EXPECT_TRUE(utf8_locale());
  ::setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(utf8_locale());
  EXPECT_FALSE(terminal_style(terminal).unicode);
}

}  // namespace
}  // namespace lrfind::report
