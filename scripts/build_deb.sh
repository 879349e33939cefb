#!/usr/bin/env bash
# Debian packages of lrfind (the program) and lrfind-dev (the library), for the Debian they are built on:
#   scripts/build_deb.sh [FOLDER]       into FOLDER, or build-deb/packages; prints their paths
# Installs what is missing to build them. The packages' maintainer is DEBFULLNAME and DEBEMAIL, else the last commit's author.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=${LRFIND_BUILD_DEB:-$LRFIND_ROOT/build-deb}

# The packages depend on Debian's LibTorch, whichever Python is active.
unset VIRTUAL_ENV Torch_DIR Torch_ROOT CMAKE_PREFIX_PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
"$LRFIND_ROOT/scripts/setup.sh" build deb
if [[ -z ${DEBEMAIL:-} ]] && DEBEMAIL=$(git -C "$LRFIND_ROOT" log -1 --format=%ae 2>/dev/null); then
  DEBFULLNAME=$(git -C "$LRFIND_ROOT" log -1 --format=%an)
  export DEBEMAIL DEBFULLNAME
fi
configure "$dir" CMAKE_BUILD_TYPE=Release CMAKE_INSTALL_PREFIX=/usr LRFIND_TESTS=OFF
compile "$dir"

say "packing"
rm -rf "$dir/packages"
(cd "$dir" && quietly cpack -G DEB)
packages=("$dir"/packages/*.deb)
if (($#)); then
  mkdir -p "$1"
  cp "${packages[@]}" "$1"
  packages=("${packages[@]/#*\//$1/}")
fi
printf '%s\n' "${packages[@]}"
