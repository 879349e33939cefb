#!/usr/bin/env bash
# The libraries that a wheel brings along and that Debian builds too large for it: scripts/packages/libraries.sh PREFIX
# OpenCV's core, imgproc and imgcodecs without what else they would bring (LAPACK, OpenGL, GDAL and 140 libraries more;
# lrfind asks its codecs for WebP only) and libtiff without JBIG, whose licence is the GPL. From Debian's sources, so the
# version, its security fixes and the pixels are those of the Debian package. Nothing is done where they lie in PREFIX
# already. Needs the packages of `setup.sh wheel`.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
prefix=${1:?"give the folder to install into"}

opencv=("-DBUILD_LIST=core,imgproc,imgcodecs" -DCPU_BASELINE=SSE2 -DWITH_WEBP=ON -DBUILD_WEBP=OFF)
for part in LAPACK EIGEN OPENCL IPP ITT QUIRC PROTOBUF TIFF JPEG PNG OPENJPEG JASPER OPENEXR GDAL GDCM TBB OPENMP \
  FFMPEG GSTREAMER V4L 1394 GTK QT OPENGL VA ADE IMGCODEC_HDR IMGCODEC_SUNRASTER IMGCODEC_PXM IMGCODEC_PFM; do
  opencv+=("-DWITH_$part=OFF")
done
for part in SHARED_LIBS TESTS PERF_TESTS EXAMPLES DOCS JAVA opencv_apps opencv_java opencv_python3 ZLIB; do
  opencv+=("-DBUILD_$part=OFF")
done
tiff=(-DBUILD_SHARED_LIBS=ON -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF -Dcxx=OFF
  -Djbig=OFF -Dlerc=OFF -Dwebp=OFF)

# apt_source PACKAGE: unpacks Debian's source of it into the current folder; the machine's list of sources stays as it is.
apt_source() {
  local lists=$PWD/apt
  local apt=(apt-get -qq -o Dir::Etc::SourceParts="$lists/sources" -o Dir::Etc::SourceList=/dev/null
    -o Dir::State::Lists="$lists/lists" -o Dir::Cache="$lists/cache" -o APT::Sandbox::User=root)
  if [[ ! -d $lists ]]; then
    mkdir -p "$lists/sources" "$lists/lists/partial" "$lists/cache/archives/partial"
    # Both ways to name Debian's archive: paragraphs ("Types: deb") and lines ("deb ...").
    sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$lists/sources/debian.sources" 2>/dev/null ||
      sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$lists/sources/debian.list"
    quietly "${apt[@]}" update
  fi
  quietly "${apt[@]}" source "$1"
}

# build_library PACKAGE OPTIONS...: from its source to PREFIX.
build_library() {
  local package=$1
  shift
  apt_source "$package"
  say "building $package for the wheel"
  quietly cmake -G Ninja -S "$(echo "$package"-[0-9]*/)" -B "build-$package" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
  quietly ninja -C "build-$package" -j "$(jobs_for_memory)" install
}

[[ -e $prefix/complete ]] && exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
build_library tiff "${tiff[@]}"
build_library opencv "${opencv[@]}"
touch "$prefix/complete"
