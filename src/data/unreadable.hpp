// Images that could not be used, or not as their name says.
#pragma once

#include <string>

namespace lrfind::data {

/// An image that could not be used, and why.
struct Unreadable {
  std::string path;
  std::string error;
  bool operator==(const Unreadable&) const = default;
};

/// An image that was used although its name promises another format.
struct Misnamed {
  std::string path;
  std::string format;  ///< what the content is: "PNG", "JPEG", ...
  bool operator==(const Misnamed&) const = default;
};

}  // namespace lrfind::data
