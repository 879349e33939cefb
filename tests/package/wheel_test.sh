#!/usr/bin/env bash
# The wheel in a bare Debian 12 with Python: without torch everything but training works and training says what is missing;
# with torch it sweeps a folder of images: tests/package/wheel_test.sh [lrfind-*.whl]
# LRFIND_TEST_TORCH names a folder of Python 3.11's packages with torch; else the gate's, else pip installs one (several GB).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=tests/package/clean_root.sh
. "$LRFIND_ROOT/tests/package/clean_root.sh"
wheel=${1:-$("$LRFIND_ROOT/scripts/build_wheel.sh")}
torch=${LRFIND_TEST_TORCH:-${XDG_CACHE_HOME:-$HOME/.cache}/lrfind/torch-2.13.0/lib/python3.11/site-packages}
root=$(mktemp -d)
trap 'umount "$root/torch" 2>/dev/null; remove_root "$root"' EXIT

# lrfind ARGUMENT...: as an ordinary user; $status and $output are what it answered.
lrfind() {
  status=0
  output=$(as_user_in_root "$root" sh -c 'cd /tmp/results && exec /tmp/venv/bin/lrfind "$@"' sh "$@" 2>&1) || status=$?
}

# expect STATUS PATTERN: of the last answer.
expect() { [[ $status =~ ^($1)$ && $output =~ $2 ]] || fail "expected status $1 and '$2', got $status: $output"; }

make_root "$root"
make_images "$root/tmp/photos"
quietly in_root "$root" apt-get -qq update
quietly in_root "$root" apt-get -qq install -y --no-install-recommends python3-venv
cp "$wheel" "$root/tmp/"
mkdir -m 777 "$root/tmp/results"
quietly as_user_in_root "$root" python3 -m venv /tmp/venv
quietly as_user_in_root "$root" sh -c '/tmp/venv/bin/pip install -q --no-index /tmp/lrfind-*.whl'

say "without torch"
lrfind --version && expect 0 '^lrfind [0-9]'
lrfind inspect /tmp/photos && expect 0 light
lrfind models && expect 0 resnet18
lrfind schedule one-cycle --max-lr 0.1 --steps 100 && expect 0 .
lrfind sweep /tmp/photos && expect 5 "has no torch.*pip install 'lrfind\[torch\]'"
[[ $output != *$'\n'* ]] || fail "more than one sentence: $output"
lrfind build-engine && expect 2 "has no torch"
cat >"$root/tmp/train.py" <<'TRAIN'
import lrfind.client
import lrfind_client

assert lrfind.client.sweep is lrfind_client.sweep
weight = 0.0
for step in lrfind_client.sweep("sgd", batch_size=1, resets=True):
    if step.first:
        weight = 5.0
    step.report(weight * weight)
    weight -= step.lr * 2 * weight
TRAIN
lrfind exec -o exec.json -- /tmp/venv/bin/python /tmp/train.py && expect '0|4' .
lrfind suggest exec.json && expect '0|4' .
lrfind plot exec.json && expect 0 .

say "with torch"
if [[ -e $torch/torch/version.py ]]; then
  mkdir "$root/torch" && mount --bind -o ro "$torch" "$root/torch"
  echo /torch >"$(echo "$root"/tmp/venv/lib/python3*/site-packages)/torch.pth"
else
  quietly as_user_in_root "$root" /tmp/venv/bin/pip install -q "torch>=2.13,<2.15"
fi
lrfind sweep /tmp/photos --image-size 12 --batch-size 8 --steps 30 && expect '0|4' .
check_result "$root/tmp/results/lr.json"
libtorch=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["tool"]["libtorch"])' "$root/tmp/results/lr.json")
[[ $(as_user_in_root "$root" /tmp/venv/bin/python -c 'import importlib.metadata as m; print(m.version("torch"))') == "$libtorch"* ]] ||
  fail "trained with LibTorch $libtorch"

say "with a torch that there is no part for"
mkdir -p "$root/tmp/old/torch" && touch "$root/tmp/old/torch/__init__.py" && echo "__version__ = '2.9.1'" >"$root/tmp/old/torch/version.py"
lrfind_program='cd /tmp/results && PYTHONPATH=/tmp/old exec /tmp/venv/bin/lrfind sweep /tmp/photos'
output=$(as_user_in_root "$root" sh -c "$lrfind_program" 2>&1) && status=0 || status=$?
expect 5 'torch 2.9.1.*torch 2.13 and 2.14.*lrfind build-engine'

quietly as_user_in_root "$root" /tmp/venv/bin/pip uninstall -q -y lrfind
left=$(find "$root/tmp/venv" -iname '*lrfind*' ! -type d) # pip leaves a folder that is empty
[[ -z $left ]] || fail "left behind: $left"
say "passed"
