// The one kind of error that a user of lrfind can cause.
#pragma once

#include <stdexcept>
#include <string>

namespace lrfind {

/// Whose it is to mend, and the program's exit status with it.
enum class ErrorKind {
  usage,   ///< a flag, a configuration or a value (2)
  data,    ///< the images, a manifest, a saved result (3)
  model,   ///< the network (3)
  device,  ///< the device failed, or it or the machine ran out of memory (5)
  output   ///< a file or stream that cannot be written (2)
};

/// what() is one sentence: what was wrong, where, and what would be right.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

inline Error usage_error(const std::string& message) { return {ErrorKind::usage, message}; }
inline Error data_error(const std::string& message) { return {ErrorKind::data, message}; }
inline Error model_error(const std::string& message) { return {ErrorKind::model, message}; }
inline Error device_error(const std::string& message) { return {ErrorKind::device, message}; }
inline Error output_error(const std::string& message) { return {ErrorKind::output, message}; }

}  // namespace lrfind
