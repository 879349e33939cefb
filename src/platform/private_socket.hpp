// A Unix domain socket that nobody but this user can connect to: it lies in a folder of its own, mode 0700, below
// TMPDIR or /tmp.
#pragma once

#include <string>

namespace lrfind::platform {

class PrivateSocket {
 public:
  /// Listens. Throws Error (output) where there is no place for the folder.
  PrivateSocket();
  PrivateSocket(const PrivateSocket&) = delete;
  PrivateSocket& operator=(const PrivateSocket&) = delete;
  /// Removes socket and folder.
  ~PrivateSocket();

  const std::string& folder() const { return folder_; }
  std::string path() const;
  /// Can be read from when somebody connects.
  int listener() const { return listener_; }
  /// The next connection, which does not block; -1: there is none.
  int accept() const;

 private:
  std::string folder_;
  int listener_ = -1;
};

}  // namespace lrfind::platform
