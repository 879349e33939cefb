#pragma once

#include <stdexcept>

namespace lrfind::model {

/// The network cannot be used: the message is one sentence for the user (exit status 3).
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace lrfind::model
