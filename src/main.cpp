// Picks the command. The launcher calls it with what main() was given.
#include "command/program.hpp"
#include "platform/abnormal_end.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

const std::vector<lrfind::command::Command> commands = {
    {"sweep", "run a learning-rate range test on a dataset and suggest a rate", lrfind::command::sweep},
    {"exec", "the range test on your own training program, in any framework", lrfind::command::exec},
    {"suggest", "analyse a saved curve again, without training", lrfind::command::suggest},
    {"verify", "train briefly at the suggested rate and its neighbours", lrfind::command::verify},
    {"plot", "draw results in the terminal, or as PNG, SVG or PDF", lrfind::command::plot},
    {"inspect", "show a dataset's classes, sizes and unreadable files", lrfind::command::inspect},
    {"models", "list the built-in networks with their cost", lrfind::command::models},
    {"schedule", "draw a learning-rate schedule with a suggestion's bounds", lrfind::command::schedule},
};

bool is_command(const std::string& name) {
  return std::any_of(commands.begin(), commands.end(), [&](const auto& c) { return name == c.name; });
}

}  // namespace

extern "C" int lrfind_main(int argc, char** argv, const sigset_t* mask) {
  lrfind::platform::answer_signals(*mask);
  lrfind::platform::refuse_exit();
  const std::string name = argc > 1 ? argv[1] : "";
  lrfind::command::Console console;
  const std::vector<std::string> arguments(argv + std::min(argc, 2), argv + argc);
  const int status = lrfind::command::guarded(is_command(name) ? "lrfind " + name : "lrfind", console, [&] {
    return lrfind::command::run_program(commands, name, arguments, console);
  });
  lrfind::platform::expect_exit();
  return status;
}
