#pragma once

#include <stop_token>

namespace lrfind::command {

/// From now on Ctrl-C (SIGINT) and SIGTERM ask the run to end through the token that this returns; a second one ends it
/// at once, with status 130. Every call returns the same token.
std::stop_token listen_for_interrupt();

}  // namespace lrfind::command
