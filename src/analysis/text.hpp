// Numbers in messages.
#pragma once

#include <string>

namespace lrfind::analysis {

/// Three significant digits.
std::string text(double number);

}  // namespace lrfind::analysis
