#!/bin/bash
# Whether the last commit always gives the same package, byte by byte: tools/check-reproducible.sh [PACKAGE.deb]
#
# Builds it twice, in folders of different names and without ccache. With PACKAGE it builds once and
# compares that: who was given a package can see that it was made of these sources.
set -euo pipefail

cd "$(dirname "$0")/.."
revision=$(git rev-parse HEAD)
branch=$(git rev-parse --abbrev-ref HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1
given=${1:+$(readlink -f "$1")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() {
  local folder=$1
  mkdir "$folder"
  git archive HEAD | tar -x -C "$folder"
  mkdir "$folder/.deps"
  cp -r .deps/civetweb "$folder/.deps/"
  cmake -S "$folder" --preset release -DPATHWITNESS_REVISION="$revision" -DPATHWITNESS_BRANCH="$branch" \
    --log-level=WARNING >/dev/null
  cmake --build "$folder/build/release" -j "${JOBS:-$(nproc)}"
  cpack --config "$folder/build/release/CPackConfig.cmake" -G DEB -B "$folder/build" >/dev/null
}

build "$work/one"
one=$(echo "$work"/one/build/*.deb)
if [[ -z $given ]]; then
  build "$work/another-and-longer-name"
  given=$(echo "$work"/another-and-longer-name/build/*.deb)
fi
sha256sum "$one" "$given"
cmp "$one" "$given"
echo "check-reproducible: the same bytes twice"
