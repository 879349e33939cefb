// Numbers in messages.
#pragma once

#include <string>

namespace lrfind::analysis {

/// Three significant digits.
std::string text(double number);

/// As many digits as tell the number from every other: 1e-07, 0.1.
std::string exact(double number);

}  // namespace lrfind::analysis
