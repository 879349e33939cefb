#pragma once

#include "platform/abnormal_end.hpp"

namespace lrfind::command {

/// What the program's exit status says; part of the contract with scripts.
enum ExitStatus : int {
  done = 0,                                    ///< and the suggestion, if there is one, is trustworthy
  usage = 2,                                   ///< bad flag, config or value
  bad_input = 3,                               ///< data or model could not be used
  untrusted = 4,                               ///< the sweep ran and is written, but no suggestion can be trusted
  device_failed = platform::failed_status,     ///< or out of memory (5)
  interrupted = platform::interrupted_status,  ///< (130)
};

}  // namespace lrfind::command
