#!/usr/bin/env bash
# All tests: installs what is missing, builds, runs ctest. Arguments go to ctest (scripts/test.sh -R Decode).
# LRFIND_BUILD names another build folder than build/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=${LRFIND_BUILD:-$LRFIND_ROOT/build}

"$LRFIND_ROOT/scripts/setup.sh" build test
if [[ -f $dir/CMakeCache.txt ]]; then
  configure "$dir" LRFIND_TESTS=ON
else
  configure "$dir" CMAKE_BUILD_TYPE=Release LRFIND_TESTS=ON
fi
compile "$dir"

say "running the tests"
# Tests run side by side: OpenMP threads that spin while they wait would take the other tests' cores.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
cd "$dir"
exec ctest --output-on-failure -j "$(nproc)" "$@"
