#pragma once

#include <exception>

namespace lrfind {

/// Thrown where work ends because its std::stop_token was asked to stop. No error: nobody did anything wrong.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace lrfind
