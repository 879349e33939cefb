// Picks the command. The launcher calls it with what main() was given.
#include "command/command.hpp"
#include "platform/abnormal_end.hpp"
#include "platform/excerpt.hpp"

#include <lrfind/error.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>

namespace {

using lrfind::command::Invocation;

struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Invocation&);
};

constexpr Command commands[] = {
    {"sweep", "run a learning-rate range test on a dataset and suggest a rate", lrfind::command::sweep},
    {"suggest", "analyse a saved curve again, without training", lrfind::command::suggest},
    {"verify", "train briefly at the suggested rate and its neighbours", lrfind::command::verify},
    {"plot", "draw results in the terminal, or as PNG, SVG or PDF", lrfind::command::plot},
    {"inspect", "show a dataset's classes, sizes and unreadable files", lrfind::command::inspect},
    {"models", "list the built-in networks with their cost", lrfind::command::models},
    {"schedule", "draw a learning-rate schedule with a suggestion's bounds", lrfind::command::schedule},
};

void print_help(std::ostream& out) {
  out << "lrfind: which learning rate? A range test for image classifiers.\n\n"
         "Usage: lrfind COMMAND [OPTIONS]\n\nCommands:\n";
  for (const auto& command : commands) {
    out << "  " << command.name << std::string(10 - std::string(command.name).size(), ' ') << command.summary << "\n";
  }
  out << "\nlrfind COMMAND --help explains a command. lrfind --version prints the version.\n\n"
         "Examples:\n"
         "  lrfind sweep photos                                # photos/CLASS/*.jpg; writes lr.json\n"
         "  LR=$(lrfind sweep photos --print-lr) || exit       # in a script\n";
}

int run(const std::string& name, const Invocation& invocation) {
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(std::cout);
    return lrfind::command::done;
  }
  if (name == "--version") {
    std::cout << "lrfind " LRFIND_VERSION "\n";
    return lrfind::command::done;
  }
  for (const auto& command : commands) {
    if (name == command.name) return command.run(invocation);
  }
  if (name.empty()) {
    print_help(invocation.console.out());
    return lrfind::command::usage;
  }
  throw lrfind::usage_error("there is no command \"" + lrfind::readable_length(name) + "\"; lrfind --help lists them");
}

bool is_command(const std::string& name) {
  return std::any_of(std::begin(commands), std::end(commands), [&](const Command& c) { return name == c.name; });
}

}  // namespace

extern "C" int lrfind_main(int argc, char** argv, const sigset_t* mask) {
  lrfind::platform::answer_signals(*mask);
  lrfind::platform::refuse_exit();
  const std::string name = argc > 1 ? argv[1] : "";
  lrfind::command::Console console;
  const Invocation invocation{{argv + std::min(argc, 2), argv + argc}, console};
  const int status = lrfind::command::guarded(is_command(name) ? "lrfind " + name : "lrfind", console,
                                              [&] { return run(name, invocation); });
  lrfind::platform::expect_exit();
  return status;
}
