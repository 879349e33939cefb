#!/usr/bin/env bash
# The container file, from a clean clone: the image builds, and sweeps /data as a user that is not root. With podman or docker
# where one runs, otherwise step by step in a bare Debian 12 (containerfile.py).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=tests/package/clean_root.sh
. "$LRFIND_ROOT/tests/package/clean_root.sh"
work=$(mktemp -d)
trap 'remove_root "$work"' EXIT
quietly git clone -q "$LRFIND_ROOT" "$work/clone"
make_images "$work/photos"
options=(sweep /data --image-size 12 --batch-size 8 --steps 30)

engine=
for candidate in podman docker; do
  if "$candidate" info >/dev/null 2>&1; then engine=$candidate && break; fi
done
status=0
if [[ -n $engine ]]; then
  quietly "$engine" build -t lrfind-test -f "$work/clone/Containerfile" "$work/clone"
  mkdir -m 1777 "$work/results"
  user=$("$engine" run --rm --entrypoint id lrfind-test -u)
  output=$("$engine" run --rm -v "$work/photos:/data:ro" -v "$work/results:/work" lrfind-test "${options[@]}" 2>&1) || status=$?
  results=$work/results
else
  say "no container engine runs here: the steps of Containerfile are carried out in a bare Debian 12"
  base=$(debian_tar)
  image=$work/image
  python3 "$LRFIND_ROOT/tests/package/containerfile.py" build "$work/clone/Containerfile" "$work/clone" "$base" "$image"
  mkdir "$image/root/data" && cp -r "$work/photos/." "$image/root/data/"
  user=$(stat -c %u "$image/root/home/lrfind")
  output=$(python3 "$LRFIND_ROOT/tests/package/containerfile.py" run "$image" "${options[@]}" 2>&1) || status=$?
  results=$image/root/work
fi
((status == 0 || status == 4)) || fail "the sweep ended with $status: $output"
((user != 0)) || fail "the container runs as root"
check_result "$results/lr.json"
[[ $(stat -c %u "$results/lr.json") != 0 || -n $engine ]] || fail "the result belongs to root"
say "passed"
