#pragma once

#include <stop_token>

namespace lrfind::command {

/// From now on Ctrl-C (SIGINT), SIGTERM and SIGHUP (a terminal or ssh session that is closed) ask the run to end
/// through the token that this returns, and are answered with a line on `descriptor` at once, whatever the run is
/// doing; a second one ends the program, with status 130. What the parent process had ignored (nohup) stays ignored.
/// Every call returns the same token.
std::stop_token listen_for_interrupt(int descriptor);

/// Makes writing to a pipe that nobody reads, or beyond the limit on file sizes, an error of that write instead of the
/// program's end. Programs that are started later do not inherit this.
void outlive_broken_outputs();

}  // namespace lrfind::command
