#include "analysis/text.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace lrfind::analysis {

std::string text(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", number);
  return buffer;
}

std::string exact(double number) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr};
}

}  // namespace lrfind::analysis
