#pragma once

#include <stop_token>

namespace lrfind::command {

/// From now on Ctrl-C (SIGINT), SIGTERM, SIGHUP (a terminal or ssh session that is closed) and the other signals that
/// end a program (platform::ending_signals) ask the run to end through the token that this returns, and are answered
/// with a line on stderr at once, whatever the run is doing; a second one of a person ends the program, with status
/// 130. What the parent process had ignored (nohup) stays ignored. Every call returns the same token.
std::stop_token listen_for_interrupt();

}  // namespace lrfind::command
