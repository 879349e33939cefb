// Completion for shells: commands, options and values, from what the commands say of themselves.
#pragma once

#include "command/page.hpp"

#include <string>
#include <vector>

namespace lrfind::command {

/// "bash", "zsh", "fish".
std::vector<std::string> completion_shells();

/// The script for one of them, to be read by the shell or to be put where it looks for such.
std::string completion_script(const std::string& shell, const std::vector<CommandSummary>& commands,
                              const std::vector<CommandPage>& pages);

std::string bash_completion(const std::vector<CommandSummary>& commands, const std::vector<CommandPage>& pages);
std::string zsh_completion(const std::vector<CommandSummary>& commands, const std::vector<CommandPage>& pages);
std::string fish_completion(const std::vector<CommandSummary>& commands, const std::vector<CommandPage>& pages);

/// The words with blanks between them.
std::string spaced(const std::vector<std::string>& words);

/// The text in single quotes as POSIX shells take it.
std::string in_quotes(const std::string& text);

/// The first clause of a help, which is all there is room for beside a completion.
std::string in_short(const std::string& help);

}  // namespace lrfind::command
