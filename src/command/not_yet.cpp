#include "command/command.hpp"

namespace lrfind::command {
int verify(const Invocation&) { throw UsageError("this command comes with a later version"); }
int schedule(const Invocation&) { throw UsageError("this command comes with a later version"); }
}  // namespace lrfind::command
