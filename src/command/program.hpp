// What the program is and takes before any command.
#pragma once

#include "command/command.hpp"

#include <string>
#include <vector>

namespace lrfind::command {

struct Command {
  const char* name;
  const char* summary;
  int (*run)(const Invocation&);
};

inline constexpr const char* program_summary = "which learning rate? A range test for image classifiers.";
inline constexpr const char* program_description =
    "lrfind answers one question for someone about to train an image classifier: which learning rate? It runs a "
    "learning-rate range test (L. N. Smith, Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186): "
    "it "
    "trains the network for a few hundred steps while the rate grows exponentially, records loss against rate, and "
    "suggests a rate with an interval.\n\n"
    "Data goes to stdout, what is for people to stderr. Options may stand in a JSON file of --config, with the same "
    "names; the command line wins over it.";
inline constexpr const char* program_examples =
    "  lrfind sweep photos    # photos/CLASS/*.jpg; writes lr.json\n"
    "  LR=$(lrfind sweep photos --print-lr) || exit    # in a script\n";

/// --help, --man, --completion, --version
std::vector<OptionText> program_options();

/// The file that commands write and read.
Meaning result_file();
/// What is installed for all commands.
std::vector<Meaning> shared_files();

/// `lrfind NAME ARGUMENTS...`: a command, or what the program says of itself. Returns the exit status.
int run_program(const std::vector<Command>& commands, const std::string& name,
                const std::vector<std::string>& arguments, Console& console);

}  // namespace lrfind::command
