#!/usr/bin/env bash
# A range test on Fashion-MNIST: installs what is missing, builds, sweeps. Arguments go to `lrfind sweep`.
# The second time nothing is installed or built. LRFIND_BUILD names another build folder than build/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=${LRFIND_BUILD:-$LRFIND_ROOT/build}

"$LRFIND_ROOT/scripts/setup.sh" build demo
[[ -f $dir/build.ninja ]] || configure "$dir" CMAKE_BUILD_TYPE=Release LRFIND_TESTS=OFF
compile "$dir" lrfind_cli

output=(-o "$dir/demo/lr.json")
for argument in "$@"; do
  [[ $argument == -o* || $argument == --output* ]] && output=()
done
mkdir -p "$dir/demo"
say "range test on 60,000 images of Fashion-MNIST"
exec "$dir/src/command/lrfind" sweep /usr/share/datasets/fashion-mnist "${output[@]}" "$@"
