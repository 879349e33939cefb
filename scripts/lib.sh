# shellcheck shell=bash
# What setup.sh, demo.sh, test.sh and .ci/run share; sourced, never run.

LRFIND_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# say WORDS: one line of what is being done; stdout is left to data.
say() { echo "$(basename "$0"): $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# quietly COMMAND...: its output is kept in $quiet_output and shown only when it fails.
quiet_output=
quietly() {
  local status=0
  quiet_output=$("$@" 2>&1 </dev/null) || status=$?
  ((status == 0)) || tail -n 40 <<<"$quiet_output" >&2
  return $status
}

# jobs_for_memory: how many compilers to run at once; a file that includes LibTorch takes up to 1.5 GB.
jobs_for_memory() {
  local cores kib limit
  cores=$(nproc)
  kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  if limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null) && [[ $limit =~ ^[0-9]+$ ]] && ((limit / 1024 < kib)); then
    kib=$((limit / 1024))
  fi
  local by_memory=$((kib / 1500000))
  ((by_memory >= 1)) || by_memory=1
  echo $((by_memory < cores ? by_memory : cores))
}

# configure DIR NAME=VALUE...: runs CMake unless DIR is configured with these values already.
configure() {
  local dir=$1 cache=$1/CMakeCache.txt option missing=()
  shift
  if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$LRFIND_ROOT" "$cache"; then
    say "$dir belongs to another copy of the sources: starting it afresh"
    rm -rf "$cache" "$dir/CMakeFiles"
  fi
  for option in "$@"; do
    grep -qsE "^${option%%=*}(:[A-Z]+)?=${option#*=}\$" "$cache" || missing+=("-D$option")
  done
  [[ -f $dir/build.ninja && ${#missing[@]} == 0 ]] && return
  say "configuring $dir"
  quietly cmake -G Ninja -S "$LRFIND_ROOT" -B "$dir" "${missing[@]}" || return
  grep '^-- LibTorch' <<<"$quiet_output" >&2 || true
}

# compile DIR TARGET...: builds what is out of date. On a terminal ninja counts in place; elsewhere only trouble is printed.
compile() {
  local dir=$1 quiet=()
  shift
  [[ -t 2 ]] || quiet=(--quiet)
  say "bringing $dir up to date (several minutes the first time)"
  ninja -C "$dir" -j "$(jobs_for_memory)" "${quiet[@]}" "$@" >&2
}
