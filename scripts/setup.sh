#!/usr/bin/env bash
# Installs what is missing on Debian 12, as root or with sudo: scripts/setup.sh [GROUP]...
#   build  compile lrfind          demo  the data set of scripts/demo.sh, and pictures
#   test   what the tests use      lint  formatting, clang-tidy and shellcheck
#   browser  Chromium, which opens pages for the tests; a part of test, left out where Debian has none for the machine
#   fuzz   clang with libFuzzer
#   ci     pip, for the LibTorch from PyPI that .ci/run tests against
#   deb, wheel    what scripts/build_deb.sh and build_wheel.sh build with    packages    what their tests use
# Nothing missing: nothing is run. LibTorch is left out where the active Python or Torch_DIR has one to build with.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=(g++ cmake ninja-build ccache libopencv-dev libjpeg-dev libpng-dev libtiff-dev libcli11-dev nlohmann-json3-dev
  zlib1g-dev libarchive-dev libre2-dev libtorch-dev libgloo-dev libopenblas0-pthread)
demo=(dataset-fashion-mnist gnuplot-nox)
test=("${demo[@]}" libgtest-dev libbenchmark-dev python3 python3-jsonschema python3-matplotlib python3-torch zsh fish
  mandoc)
browser=(chromium chromium-driver python3-selenium)
fuzz=(clang-14 libclang-rt-14-dev libgtest-dev)
lint=(clang-format-14 clang-tidy-14 shellcheck)
ci=(ca-certificates git python3-pip python3-venv)
deb=(dpkg-dev file)
packages=(debootstrap lintian)
wheel=("${ci[@]}" g++ cmake ninja-build ccache dpkg-dev unzip libwebp-dev libjpeg-dev libpng-dev libdeflate-dev liblzma-dev
  libzstd-dev zlib1g-dev libarchive-dev libcli11-dev nlohmann-json3-dev libre2-dev)

# LibTorch that src/find_torch.cmake will take before Debian's.
has_own_libtorch() {
  [[ -n ${Torch_DIR:-}${Torch_ROOT:-} ]] && return
  local package
  package=$(cd / && python3 -c "
import importlib.util as u
print(u.find_spec('torch').submodule_search_locations[0])" 2>/dev/null) || return 1
  local config=$package/share/cmake/Torch/TorchConfig.cmake
  [[ -f $config ]] && ! grep -q '_GLIBCXX_USE_CXX11_ABI=0' "$config"
}

wanted=()
for group in "${@:-build}"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    demo) wanted+=("${demo[@]}") ;;
    test) wanted+=("${test[@]}" "${browser[@]}") ;;
    browser) wanted+=("${browser[@]}") ;;
    fuzz) wanted+=("${fuzz[@]}") ;;
    lint) wanted+=("${lint[@]}") ;;
    ci) wanted+=("${ci[@]}") ;;
    deb) wanted+=("${deb[@]}") ;;
    packages) wanted+=("${packages[@]}") ;;
    wheel) wanted+=("${wheel[@]}") ;;
    -h | --help) sed -n '2,9s/^# //p' "$0" && exit ;;
    *) fail "no group '$group': it is one of build, demo, test, browser, lint, fuzz, ci, deb, wheel, packages" ;;
  esac
done

if ! command -v dpkg-query apt-get >/dev/null; then
  say "no apt-get here; Debian 12 would install: ${wanted[*]}"
  exit 0
fi

missing_packages() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' |
    sort -u | comm -13 - <(printf '%s\n' "${wanted[@]}" | sort -u)
}
mapfile -t missing < <(missing_packages)
for package in "${!missing[@]}"; do
  [[ ${missing[package]} == libtorch-dev ]] && has_own_libtorch && unset "missing[package]"
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "needs root to install: apt-get install --no-install-recommends ${missing[*]}"
  as_root=(sudo)
  [[ -t 0 ]] || as_root=(sudo -n)
fi

# apt FOR ANOTHER: waits up to ten minutes while another program installs, and tries again what the network dropped.
apt() {
  local attempt
  for attempt in 1 2 3; do
    quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 \
      -o Acquire::Retries=3 "$@" && return
    ((attempt == 3)) || { say "apt-get $1 failed, trying again in $((attempt * 10)) s" && sleep $((attempt * 10)); }
  done
  return 1
}

say "reading the package lists"
apt update || say "not every package list could be read; going on with what there is"
if ! apt-cache show "${browser[@]}" >/dev/null 2>&1; then
  for package in "${!missing[@]}"; do
    [[ " ${browser[*]} " == *" ${missing[package]} "* ]] || continue
    say "${missing[package]} is left out: not every package of a browser is to be had; the tests of pages will be skipped"
    unset "missing[package]"
  done
  ((${#missing[@]})) || exit 0
fi
say "installing ${missing[*]} (a few minutes)"
apt install -y --no-install-recommends "${missing[@]}" || fail "apt-get could not install: ${missing[*]}"
