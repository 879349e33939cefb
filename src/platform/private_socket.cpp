#include "platform/private_socket.hpp"

#include <lrfind/error.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

namespace lrfind::platform {

namespace {

constexpr const char* name = "/socket";

// Below TMPDIR, or /tmp where a socket's path would be too long for its address.
std::string make_folder() {
  const char* chosen = std::getenv("TMPDIR");
  std::string folder = std::string(chosen != nullptr && *chosen != 0 ? chosen : "/tmp") + "/lrfind-exec-XXXXXX";
  if (folder.size() + std::strlen(name) >= sizeof(sockaddr_un::sun_path)) folder = "/tmp/lrfind-exec-XXXXXX";
  if (mkdtemp(folder.data()) != nullptr) return folder;
  throw output_error("no folder for the socket can be made below \"" + folder.substr(0, folder.rfind('/')) + "\" (" +
                     std::generic_category().message(errno) + "); set TMPDIR to a folder that can be written");
}

}  // namespace

PrivateSocket::PrivateSocket() : folder_(make_folder()) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ >= 0 && bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(listener_, 8) == 0) {
    return;
  }
  const int error = errno;
  if (listener_ >= 0) close(listener_);
  rmdir(folder_.c_str());
  throw output_error("no socket can be made in \"" + folder_ + "\" (" + std::generic_category().message(error) +
                     "); set TMPDIR to a folder on a local disk");
}

PrivateSocket::~PrivateSocket() {
  close(listener_);
  unlink(path().c_str());
  rmdir(folder_.c_str());
}

std::string PrivateSocket::path() const { return folder_ + name; }

int PrivateSocket::accept() const { return accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }

}  // namespace lrfind::platform
