#pragma once

namespace lrfind::command {

/// From now on Ctrl-C (SIGINT) and SIGTERM ask the run to end; a second one ends it at once, with status 130.
void listen_for_interrupt();

/// Whether the run was asked to end. Safe from any thread.
bool interrupt_requested();

}  // namespace lrfind::command
