// The command that measures a result again, put together from what the result says.
#pragma once

#include "report/result.hpp"

#include <string>

namespace lrfind::command {

/// `lrfind sweep DATA ...` or `lrfind exec ... -- COMMAND`, quoted for a POSIX shell, with every option whose value is
/// not the one it has where nobody gives it. Empty for curves of other tools.
std::string command_of(const report::Result& result);

}  // namespace lrfind::command
