// Picks the command. The launcher calls it with what main() was given.
#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "platform/excerpt.hpp"
#include "report/text.hpp"

#include <iostream>

namespace {

using lrfind::command::Invocation;

struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Invocation&);
};

constexpr Command commands[] = {
    {"sweep", "run a learning-rate range test on a dataset and suggest a rate", lrfind::command::sweep},
    {"exec", "the range test on your own training program, in any framework", lrfind::command::exec},
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

}  // namespace

extern "C" int lrfind_main(int argc, char** argv) {
  lrfind::command::outlive_broken_outputs();
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(std::cout);
    return lrfind::command::done;
  }
  if (name == "--version") {
    std::cout << "lrfind " LRFIND_VERSION "\n";
    return lrfind::command::done;
  }
  for (const auto& command : commands) {
    if (name != command.name) continue;
    lrfind::command::Console console;
    const Invocation invocation{{argv + 2, argv + argc}, console};
    return lrfind::command::guarded(name, console, [&] { return command.run(invocation); });
  }
  if (name.empty()) {
    print_help(std::cerr);
  } else {
    std::cerr << "lrfind: there is no command \"" << lrfind::report::printable(lrfind::readable_length(name))
              << "\"; lrfind --help lists them\n";
  }
  return lrfind::command::usage;
}
