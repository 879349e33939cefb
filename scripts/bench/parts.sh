#!/usr/bin/env bash
# What the parts of a sweep cost on this machine: decoding, resizing, batches, a training step of every built-in network,
# and a whole sweep against its training steps alone. Prints Markdown: medians, spread, items per second.
#
#   scripts/bench/parts.sh [--filter REGEX] [--repetitions 5]
#
# Builds what is needed; LRFIND_BUILD names another build folder than build/. Takes a few minutes on a quiet machine.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
dir=${LRFIND_BUILD:-$LRFIND_ROOT/build}

filter=. repetitions=5
while (($#)); do
  case $1 in
    --filter | --repetitions)
      (($# > 1)) || fail "$1 needs a value"
      [[ $1 == --filter ]] && filter=$2 || repetitions=$2
      shift 2
      ;;
    -h | --help) sed -n '2,7s/^#\( \|$\)//p' "$0" && exit ;;
    *) fail "no option '$1': there are --filter REGEX and --repetitions N" ;;
  esac
done
[[ $repetitions =~ ^[1-9][0-9]*$ ]] || fail "--repetitions is '$repetitions'; it takes a whole number of at least 1"

"$LRFIND_ROOT/scripts/setup.sh" build test
if [[ -f $dir/CMakeCache.txt ]]; then
  configure "$dir" LRFIND_TESTS=ON LRFIND_WITH_TORCH=ON
else
  configure "$dir" CMAKE_BUILD_TYPE=Release LRFIND_TESTS=ON LRFIND_WITH_TORCH=ON
fi
# A folder that was configured before Google Benchmark was installed looks for it again.
ninja -C "$dir" -t query train_bench >/dev/null 2>&1 || quietly cmake "$dir" || exit
compile "$dir" data_bench train_bench

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for program in "$dir/tests/bench/data_bench" "$dir/src/command/train_bench"; do
  say "running $(basename "$program")"
  "$program" --benchmark_filter="$filter" --benchmark_repetitions="$repetitions" --benchmark_min_time=0.2 \
    --benchmark_out="$results/$(basename "$program").json" --benchmark_out_format=json >&2
done
python3 "$LRFIND_ROOT/scripts/bench/parts_table.py" "$results/data_bench.json" "$results/train_bench.json"
