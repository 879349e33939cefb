#include "analysis/text.hpp"

#include <cstdio>

namespace lrfind::analysis {

std::string text(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", number);
  return buffer;
}

}  // namespace lrfind::analysis
