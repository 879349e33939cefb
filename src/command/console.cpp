#include "command/console.hpp"

#include "platform/abnormal_end.hpp"
#include "platform/write_file.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace lrfind::command {

namespace {

int other_descriptor() {
  constexpr int seldom_used = 10;  // shells keep theirs from here on, too
  const int high = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, seldom_used);
  if (high >= 0) return high;
  const int any = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);  // few are allowed
  return any >= 0 ? any : STDERR_FILENO;
}

}  // namespace

PeopleBuffer::int_type PeopleBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char text = traits_type::to_char_type(character);
  report::write_to_descriptor(descriptor_, {&text, 1});
  return character;
}

std::streamsize PeopleBuffer::xsputn(const char* text, std::streamsize length) {
  report::write_to_descriptor(descriptor_, {text, static_cast<std::size_t>(length)});
  return length;
}

Console::Console() : descriptor_(other_descriptor()), buffer_(descriptor_), out_(&buffer_) {
  platform::answer_on(descriptor_);
  if (descriptor_ == STDERR_FILENO) return;
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) {
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
}

Console::~Console() {
  if (descriptor_ != STDERR_FILENO) dup2(descriptor_, STDERR_FILENO);
  platform::answer_on(STDERR_FILENO);
}

}  // namespace lrfind::command
