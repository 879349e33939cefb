// What a command says of itself, as data: its help, its manual page and the shells' completion are written from it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lrfind::command {

/// What may be typed for a value, as far as it can be told.
struct Values {
  std::vector<std::string> words = {};
  bool listed = false;                    ///< the help lists the words
  bool several = false;                   ///< some of the words, separated by commas
  bool paths = false;                     ///< a file or folder
  std::vector<std::string> endings = {};  ///< of such a file, ".json"; none: any
  std::string name = {};                  ///< stands for the value where none is the default: "FILE"
};

struct OptionText {
  std::vector<std::string> names = {};  ///< "-b", "--batch-size"
  std::string group = {};               ///< heading
  std::string help = {};
  std::string takes = {};    ///< in words, "a whole number from 1 to 64"; empty for one that takes no value
  std::string initial = {};  ///< the value where none is given
  Values values = {};
  bool value_optional = false;
  bool repeats = false;
  bool hidden = false;  ///< taken, but there is no reason to type it
};

/// What stands on the command line without a name.
struct ArgumentText {
  std::string name = {};  ///< "DATA"
  std::string help = {};
  Values values = {};
  bool repeats = false;
};

/// A word and what it means: an exit status, a file, a variable of the environment.
using Meaning = std::pair<std::string, std::string>;

struct CommandPage {
  std::string name;         ///< "sweep"
  std::string synopsis;     ///< behind the name: "[OPTIONS] DATA"
  std::string description;  ///< paragraphs, an empty line between them
  std::string examples;     ///< lines that work when pasted, indented by two
  std::vector<ArgumentText> arguments;
  std::vector<OptionText> options;
  std::vector<Meaning> statuses, files, variables;
  bool runs_a_command = false;  ///< what follows -- is another program's command line
};

/// A command in the list of all.
struct CommandSummary {
  std::string name;
  std::string summary;
};

/// The help, with the words that are listed: "how ... made to fit [stretch, crop, pad]".
std::string with_values(const std::string& help, const Values& values);

/// The options that a person is shown, by their headings in the order of the declarations.
std::vector<std::pair<std::string, std::vector<const OptionText*>>> by_group(const std::vector<OptionText>& options);

/// The long names of the options that a person is shown, without their hyphens.
std::vector<std::string> long_names(const std::vector<OptionText>& options);

/// The examples, none wider than `columns`: a longer command is broken by a backslash, and its comment stands before
/// it.
std::string example_lines(const std::string& examples, int columns);

}  // namespace lrfind::command
