#include "command/completion.hpp"

#include <algorithm>

namespace lrfind::command {

std::vector<std::string> completion_shells() { return {"bash", "zsh", "fish"}; }

std::string completion_script(const std::string& shell, const std::vector<CommandSummary>& commands,
                              const std::vector<CommandPage>& pages) {
  if (shell == "bash") return bash_completion(commands, pages);
  return shell == "zsh" ? zsh_completion(commands, pages) : fish_completion(commands, pages);
}

std::string spaced(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string in_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string in_short(const std::string& help) {
  constexpr std::size_t enough = 60;
  const std::string clause = help.substr(0, std::min({help.find("; "), help.find(". "), help.find(" (")}));
  if (clause.size() <= enough) return clause;
  return clause.substr(0, clause.rfind(' ', enough - 3)) + "...";
}

}  // namespace lrfind::command
