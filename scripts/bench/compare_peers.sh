#!/usr/bin/env bash
# lrfind against the range tests of Python frameworks, as whole processes on the same work: same image folder, network,
# optimizer, batch size, steps, image size and threads; interleaved. Prints Markdown: medians, spread, ratios.
#
#   scripts/bench/compare_peers.sh [--lrfind FILE] [--data FOLDER] [--photos] [--runs 5] [--steps 10 100]
#                                  [--image-size 32] [--threads N] [--device cuda] [--write README.md]
#   scripts/bench/compare_peers.sh --networks [--lrfind FILE] [--only NETWORK...] [--busy] [--runs 5] [--steps 10]
#                                  [--threads N] [--write README.md]
#
# The peers go into a virtual environment (LRFIND_PEERS, else build/peers) with torch 2.13.0 from PyPI; what cannot be
# installed or imported is named and left out. Without --data, images of Fashion-MNIST are written as PNG files; --photos
# compares on JPEG photos of 300 to 600 pixels at 64 x 64 instead, made from the same images. Both folders are kept in
# build/bench-images. --write puts the tables where the file has the lines <!-- compare_peers begin --> and
# <!-- compare_peers end --> (with --photos, compare_peers_photos). Without --lrfind, it is built in build/ (or
# LRFIND_BUILD). --networks compares the training step of torchvision's and timm's networks with a plain Python loop's
# instead (compare_networks.py), on the LibTorch of that environment, with which lrfind is built in build-networks/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
venv=${LRFIND_PEERS:-$LRFIND_ROOT/build/peers}

if [[ ! -x $venv/bin/python ]]; then
  say "virtual environment with torch and the peers in $venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q torch==2.13.0 numpy pillow psutil
fi
compare=compare_peers.py peers=(torch-lr-finder pytorch-ignite lightning fastai) default_build=$LRFIND_ROOT/build
if [[ ${1:-} == --networks ]]; then
  shift
  compare=compare_networks.py peers=() default_build=$LRFIND_ROOT/build-networks
  "$venv/bin/pip" install -q torch==2.13.0 torchvision timm
  export VIRTUAL_ENV=$venv PATH=$venv/bin:$PATH
fi
for peer in "${peers[@]}"; do
  "$venv/bin/pip" show -q "$peer" 2>/dev/null && continue
  # With their dependencies, except that fastai and torch-lr-finder must not bring another torch or torchvision.
  if ! "$venv/bin/pip" install -q "$peer" torch==2.13.0 >"$venv/$peer.log" 2>&1; then
    "$venv/bin/pip" install -q --no-deps "$peer" >>"$venv/$peer.log" 2>&1 || say "$peer could not be installed (see $venv/$peer.log)"
  fi
done
# A torchvision built for another torch breaks what imports it; without it the peers do without.
[[ ${#peers[@]} == 0 ]] || "$venv/bin/python" -c 'import torchvision' 2>/dev/null || "$venv/bin/pip" uninstall -q -y torchvision 2>/dev/null || true

own=()
if [[ " $* " != *" --lrfind"[\ =]* ]]; then
  dir=${LRFIND_BUILD:-$default_build}
  "$LRFIND_ROOT/scripts/setup.sh" build
  configure "$dir" CMAKE_BUILD_TYPE=Release
  compile "$dir" lrfind_cli
  own=(--lrfind "$dir/src/command/lrfind")
fi
exec "$venv/bin/python" "$LRFIND_ROOT/scripts/bench/$compare" "${own[@]}" "$@"
