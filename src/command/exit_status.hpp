#pragma once

#include "command/page.hpp"
#include "platform/abnormal_end.hpp"

#include <string>
#include <vector>

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

inline constexpr const char* untrusted_sweep =
    "measured and written, but no suggestion can be trusted; the result and stderr say why and what to change";

/// In words, for people. `untrusted_means`: empty for commands that never end with that status.
inline std::vector<Meaning> status_meanings(const std::string& untrusted_means) {
  std::vector<Meaning> meanings = {
      {std::to_string(done), "done"},
      {std::to_string(usage), "bad flag, configuration or value, or an output that cannot be written"},
      {std::to_string(bad_input), "data or network could not be used"}};
  if (!untrusted_means.empty()) meanings.emplace_back(std::to_string(untrusted), untrusted_means);
  meanings.emplace_back(std::to_string(device_failed), "the device failed, or memory ran out");
  meanings.emplace_back(std::to_string(interrupted), "interrupted");
  return meanings;
}

}  // namespace lrfind::command
