#include "command/console.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <ext/stdio_filebuf.h>
#include <iostream>

namespace lrfind::command {

namespace {

class Nowhere : public std::streambuf {
  int_type overflow(int_type c) override { return traits_type::not_eof(c); }
  std::streamsize xsputn(const char* /*text*/, std::streamsize length) override { return length; }
};

}  // namespace

void Console::silence(bool silent) {
  if (silent == (stdout_ != nullptr)) return;
  if (silent) {
    if (!nowhere_) nowhere_ = std::make_unique<Nowhere>();
    stdout_ = std::cout.rdbuf(nowhere_.get());
    out_->rdbuf(nowhere_.get());
  } else {
    std::cout.rdbuf(stdout_);
    out_->rdbuf(buffer_.get());
    stdout_ = nullptr;
  }
}

Console::Console() : descriptor_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10)) {
  if (descriptor_ < 0) descriptor_ = STDERR_FILENO;  // stderr is closed: nobody reads it
  buffer_ = std::make_unique<__gnu_cxx::stdio_filebuf<char>>(descriptor_, std::ios::out);
  out_ = std::make_unique<std::ostream>(buffer_.get());
  *out_ << std::unitbuf;
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) {
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
}

Console::~Console() {
  silence(false);
  out_->flush();
  if (descriptor_ != STDERR_FILENO) dup2(descriptor_, STDERR_FILENO);
}

}  // namespace lrfind::command
