// What can go wrong with a user's data, as exceptions that the command room turns into exit statuses.
#pragma once

#include <stdexcept>
#include <string>

namespace lrfind::data {

/// The data cannot be used; what() is one sentence that says what was wrong, where, and what would be right.
struct DataError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The caller's should_stop() said so.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

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
