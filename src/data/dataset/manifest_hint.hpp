// Images whose names say their class ("cat.1.jpg") can be used through a CSV manifest: its first lines.
#pragma once

#include <string>
#include <vector>

namespace lrfind::data {

/// The end of an error's sentence, from "; ", that shows the manifest in `folder` which would make classes of what
/// stands before the numbers in the names of images; empty where that gives no two classes. `subfolder` ("train/" or
/// "") is where in `folder` the images lie.
std::string manifest_hint(const std::string& folder, const std::string& subfolder,
                          const std::vector<std::string>& images);

}  // namespace lrfind::data
