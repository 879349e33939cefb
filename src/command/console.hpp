// What people read. It goes to the stderr that the program was started with; libraries that print to file descriptor 2
// on their own (libjpeg, libpng, LibTorch) find it leading nowhere.
#pragma once

#include "report/terminal.hpp"

#include <ostream>
#include <streambuf>

namespace lrfind::command {

/// Writes to a file descriptor. What cannot be written is forgotten: the next sentence is tried again.
class PeopleBuffer : public std::streambuf {
 public:
  explicit PeopleBuffer(int descriptor) : descriptor_(descriptor) {}

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize length) override;

 private:
  int descriptor_;
};

class Console {
 public:
  /// Moves stderr away from file descriptor 2; where there is no other descriptor, it stays. One at a time.
  Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  /// Moves it back.
  ~Console();

  std::ostream& out() { return out_; }
  int descriptor() const { return descriptor_; }
  report::TerminalStyle style() const { return report::terminal_style(descriptor_); }

 private:
  int descriptor_;
  PeopleBuffer buffer_;
  std::ostream out_;
};

}  // namespace lrfind::command
