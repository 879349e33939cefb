#include "command/completion.hpp"
#include "command/program.hpp"

namespace lrfind::command {

namespace {

// Reads the line, and offers what the tables below say of its end.
constexpr const char* functions = R"bash(# bash completion for lrfind, made by lrfind --completion bash; needs bash 4
# shellcheck shell=bash disable=SC2207

# The words of the line up to the cursor; "--option=value" and "cuda:0" are one each, which bash cuts in pieces.
_lrfind_read_line() {
  local i word joins=''
  words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 1)) && [[ -n $joins || $word == [=:]* ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == *[=:] ]] && joins=yes || joins=''
  done
}

# Offers those of the words in $1 that begin with the value.
_lrfind_offer_words() {
  local IFS=$' \t\n'
  COMPREPLY+=($(compgen -W "$1" -- "$value"))
}

# Offers those of the words in $1 that may follow a comma.
_lrfind_offer_list() {
  local before='' last=$value word
  [[ $value == *,* ]] && before=${value%,*}, last=${value##*,}
  for word in $1; do
    [[ $word == "$last"* && ,$before != *,$word,* ]] && COMPREPLY+=("$before$word")
  done
  compopt -o nospace 2>/dev/null
}

# Offers files whose names end in one of the words in $1, and folders; any file where there is no such word.
_lrfind_offer_paths() {
  local path=${value#[\"\']} ending
  local -a found=()
  mapfile -t found < <(compgen -f -- "${path//\\/}")
  for path in "${found[@]}"; do
    if [[ -z $1 || -d $path ]]; then
      COMPREPLY+=("$path")
    else
      for ending in $1; do
        [[ $path == *"$ending" ]] && COMPREPLY+=("$path")
      done
    fi
  done
  ((${#found[@]} == 0)) || compopt -o filenames 2>/dev/null
}

# The program that lrfind exec runs, then its files; $1 is the word's place behind --.
_lrfind_offer_program() {
  (($1 == 1)) && COMPREPLY+=($(compgen -c -- "$value"))
  _lrfind_offer_paths ''
}

# Offers what fits at the end of the words.
_lrfind_offer_next() {
  local command=${words[1]} option=${words[at - 1]} i
  if ((at == 1)); then
    _lrfind_offer_words "$_lrfind_commands help"
    [[ $value != -* ]] || _lrfind_offer_words "$(_lrfind_options program)"
    return
  elif [[ $command == help || $command == -* ]]; then
    [[ $command == help ]] && ((at == 2)) && _lrfind_offer_words "$_lrfind_commands"
    [[ $command == help ]] || ((at > 2)) || _lrfind_offer "program:$command"
    return
  fi
  for ((i = 2; i < at; i++)); do
    if [[ ${words[i]} == -- ]]; then
      [[ $command != exec ]] || _lrfind_offer_program $((at - i))
      return
    fi
  done
  if [[ $value == --*=* ]]; then
    lead=${value%%=*}=
    value=${value#*=}
    _lrfind_offer "$command:${lead%=}"
  elif [[ $option == -* ]] && ((at > 2)) && _lrfind_offer "$command:$option"; then
    return
  elif [[ $value == -* ]]; then
    _lrfind_offer_words "$(_lrfind_options "$command")"
  else
    _lrfind_offer "$command:"
  fi
}

_lrfind() {
  local typed=$2 value at lead='' words=()
  COMPREPLY=()
  _lrfind_read_line
  at=$((${#words[@]} - 1))
  value=${words[at]}
  _lrfind_offer_next
  # What bash takes for words of their own before the last is not to be typed again.
  COMPREPLY=("${COMPREPLY[@]/#/$lead}")
  COMPREPLY=("${COMPREPLY[@]#"${words[at]%"$typed"}"}")
}

)bash";

std::string offer_of(const Values& values) {
  std::string offer;
  if (!values.words.empty()) {
    offer += (values.several ? "_lrfind_offer_list " : "_lrfind_offer_words ") + in_quotes(spaced(values.words));
  }
  if (values.paths) {
    offer += (offer.empty() ? "" : "; ") + std::string("_lrfind_offer_paths ") + in_quotes(spaced(values.endings));
  }
  return offer.empty() ? ":" : offer;
}

std::string words_of(const std::vector<OptionText>& options) {
  std::vector<std::string> names;
  for (const auto& name : long_names(options)) names.push_back("--" + name);
  return spaced(names);
}

std::string values_of(const std::string& command, const std::vector<OptionText>& options) {
  std::string cases;
  for (const auto& option : options) {
    if (option.takes.empty() || option.hidden) continue;
    std::string patterns;
    for (const auto& name : option.names) patterns += (patterns.empty() ? "" : " | ") + command + ":" + name;
    cases += "    " + patterns + ") " + offer_of(option.values) + " ;;\n";
  }
  return cases;
}

}  // namespace

std::string bash_completion(const std::vector<CommandSummary>& commands, const std::vector<CommandPage>& pages) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.name);
  std::string script = functions;
  script += "_lrfind_commands=" + in_quotes(spaced(names)) + "\n\n";
  script += "# The options of a command.\n_lrfind_options() {\n  case $1 in\n";
  script += "    program) echo " + in_quotes(words_of(program_options())) + " ;;\n";
  for (const auto& page : pages) script += "    " + page.name + ") echo " + in_quotes(words_of(page.options)) + " ;;\n";
  script +=
      "  esac\n}\n\n# Offers values of COMMAND:OPTION, or what COMMAND takes without an option; fails where there is "
      "none.\n";
  script += "_lrfind_offer() {\n  case $1 in\n" + values_of("program", program_options());
  for (const auto& page : pages) {
    script += values_of(page.name, page.options);
    for (const auto& argument : page.arguments)
      script += "    " + page.name + ":) " + offer_of(argument.values) + " ;;\n";
  }
  return script + "    *) return 1 ;;\n  esac\n}\n\ncomplete -F _lrfind lrfind\n";
}

}  // namespace lrfind::command
