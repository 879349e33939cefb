# shellcheck shell=bash
# Completes lrfind's commands and options in bash, from what the program's own --help lists.
_lrfind() {
  local current=${COMP_WORDS[COMP_CWORD]} words=()
  if ((COMP_CWORD == 1)); then
    mapfile -t words < <("$1" --help 2>/dev/null | sed -nE 's/^  ([a-z]+)  .*/\1/p')
  elif [[ $current == -* ]]; then
    mapfile -t words < <("$1" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)
  fi
  mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$current")
}
complete -o default -F _lrfind lrfind
