// What people read. It goes to the stderr that the program was started with; libraries that print to file descriptor 2
// on their own (libjpeg, libpng, LibTorch) find it leading nowhere.
#pragma once

#include "report/terminal.hpp"

#include <memory>
#include <ostream>

namespace lrfind::command {

class Console {
 public:
  /// Moves stderr away from file descriptor 2. One at a time.
  Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  /// Moves it back.
  ~Console();

  /// Lets nothing through to people or, on stdout, to programs, as long as it is silent: of several ranks one speaks.
  void silence(bool silent);

  std::ostream& out() { return *out_; }
  int descriptor() const { return descriptor_; }
  report::TerminalStyle style() const { return report::terminal_style(descriptor_); }

 private:
  int descriptor_;
  std::unique_ptr<std::streambuf> buffer_;
  std::unique_ptr<std::streambuf> nowhere_;
  std::streambuf* stdout_ = nullptr;  // while silent
  std::unique_ptr<std::ostream> out_;
};

}  // namespace lrfind::command
