// The readers of foreign bytes. Whatever they are given, they return or throw what the commands turn into a sentence;
// anything else is a finding.
#pragma once

#include <span>
#include <string_view>

namespace lrfind::fuzz {

struct Target {
  std::string_view name;
  void (*read)(std::string_view bytes);
};

std::span<const Target> targets();

}  // namespace lrfind::fuzz
