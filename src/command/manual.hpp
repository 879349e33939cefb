// Manual pages, in the macros of man(7).
#pragma once

#include "command/page.hpp"

#include <string>
#include <vector>

namespace lrfind::command {

/// lrfind-COMMAND(1). `commands` are all there are, this one among them.
std::string manual_page(const CommandPage& page, const std::vector<CommandSummary>& commands);

/// lrfind(1).
std::string program_manual(const std::vector<CommandSummary>& commands);

}  // namespace lrfind::command
