// A command's arguments, looked through before they are read.
#pragma once

#include <lrfind/error.hpp>
#include "command/page.hpp"

#include <string>
#include <vector>

namespace lrfind::command {

/// What the arguments ask for: the command's work, or what it says of itself.
enum class Asked { work, help, manual, version };

/// Throws Error (usage) for the first option that the command does not have, with a guess at what was meant, and for a
/// last one without its value; but help, manual and version are given all the same.
Asked what_is_asked(const std::vector<std::string>& arguments, const CommandPage& page);

/// What is said of an option that is none of these: a guess at what was meant, else `otherwise`.
Error unknown_option(const std::string& typed, const std::vector<OptionText>& options, const std::string& otherwise);

/// --help, --man and --version, which every command has.
std::vector<OptionText> options_of_every_command();

}  // namespace lrfind::command
