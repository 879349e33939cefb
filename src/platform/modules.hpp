// Where the parts of the program lie that are opened at run time.
#pragma once

#include <string>

namespace lrfind::platform {

/// The path of a module of the program: beside the program in a build folder, in its library folder when installed.
std::string module_path(const std::string& file);

}  // namespace lrfind::platform
