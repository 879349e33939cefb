// Help for people, on stdout.
#pragma once

#include "command/page.hpp"

#include <string>
#include <vector>

namespace lrfind::command {

/// How wide help is: COLUMNS, where it is a number, else the terminal behind stdout, else 80; at least 30.
int help_columns();

/// `lrfind COMMAND --help`. No line is wider than `columns`, but for words that are.
std::string help_text(const CommandPage& page, int columns);

/// `lrfind --help`.
std::string program_help(const std::vector<CommandSummary>& commands, int columns);

}  // namespace lrfind::command
