#!/usr/bin/env bash
# The Debian package in a bare Debian 12: it installs with its dependencies, sweeps a folder of images as an ordinary user,
# and leaves nothing behind when it is removed: tests/package/deb_test.sh [lrfind_*.deb]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=tests/package/clean_root.sh
. "$LRFIND_ROOT/tests/package/clean_root.sh"
deb=${1:-$("$LRFIND_ROOT/scripts/build_deb.sh" | grep '/lrfind_')}
root=$(mktemp -d)
trap 'remove_root "$root"' EXIT

errors=$(lintian --allow-root --fail-on error "$deb") || fail "lintian: $errors"
[[ -z $errors ]] || say "lintian: $errors"

files() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt \) -prune -o -print | sort); }

make_root "$root"
cp "$deb" "$root/tmp/lrfind.deb"
make_images "$root/tmp/photos"
say "installing the package and what it depends on"
quietly in_root "$root" apt-get -qq update
quietly in_root "$root" apt-get -qq install -y --no-install-recommends /tmp/lrfind.deb
quietly in_root "$root" dpkg --purge lrfind
before=$(files)
quietly in_root "$root" dpkg --install /tmp/lrfind.deb
[[ $(in_root "$root" lrfind --version) == lrfind\ * ]] || fail "lrfind --version does not answer"
say "sweeping"
mkdir -m 777 "$root/tmp/results"
status=0
output=$(as_user_in_root "$root" sh -c 'cd /tmp/results && exec lrfind sweep /tmp/photos --image-size 12 --batch-size 8 --steps 30' 2>&1) || status=$?
((status == 0 || status == 4)) || fail "the sweep ended with $status: $output"
check_result "$root/tmp/results/lr.json"
[[ $(files | comm -13 <(echo "$before") - | grep -c lrfind) -gt 5 ]] || fail "the installed files were not found"
quietly in_root "$root" dpkg --purge lrfind
left=$(files | comm -13 <(echo "$before") -)
[[ -z $left ]] || fail "left behind: $left"
say "passed"
