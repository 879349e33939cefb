// What the terminal behind a file descriptor can show.
#pragma once

namespace lrfind::report {

/// How text for people is drawn.
struct TerminalStyle {
  int columns = 80;      ///< no line is longer
  bool colour = false;   ///< ANSI colours
  bool unicode = false;  ///< lines, dots and braille beyond ASCII
};

bool is_terminal(int fd);

/// Width of the terminal behind `fd`, else the environment's COLUMNS, else 80.
int terminal_columns(int fd);

/// Whether the environment's locale (LC_ALL, else LC_CTYPE, else LANG) is UTF-8.
bool utf8_locale();

/// Whether colour is welcome on `fd`: a terminal, NO_COLOR unset or empty (no-color.org), TERM not "dumb".
bool colour_welcome(int fd);

/// Whether a line can be rewritten in place on `fd`: a terminal that is not "dumb".
bool can_rewrite_line(int fd);

TerminalStyle terminal_style(int fd);

}  // namespace lrfind::report
