#include "report/terminal.hpp"

#include "platform/text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

namespace lrfind::report {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

bool is_terminal(int fd) { return isatty(fd) == 1; }

int terminal_columns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::string_view text = environment("COLUMNS");
  int columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && columns > 0 && columns < 10'000 ? columns : 80;
}

bool utf8_locale() {
  std::string_view locale = environment("LC_ALL");
  if (locale.empty()) locale = environment("LC_CTYPE");
  if (locale.empty()) locale = environment("LANG");
  const std::string lower = lower_case(locale);
  return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
}

bool can_rewrite_line(int fd) { return is_terminal(fd) && environment("TERM") != "dumb"; }

bool colour_welcome(int fd) { return can_rewrite_line(fd) && environment("NO_COLOR").empty(); }

TerminalStyle terminal_style(int fd) { return {terminal_columns(fd), colour_welcome(fd), utf8_locale()}; }

}  // namespace lrfind::report
