#!/bin/bash
# Builds the last commit twice, in folders of different names and without ccache, and compares the
# packages byte by byte. Takes two full builds.
set -euo pipefail

cd "$(dirname "$0")/.."
revision=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for folder in "$work/one" "$work/another-and-longer-name"; do
  mkdir "$folder"
  git archive HEAD | tar -x -C "$folder"
  mkdir "$folder/.deps"
  cp -r .deps/civetweb "$folder/.deps/"
  cmake -S "$folder" --preset release -DPATHWITNESS_REVISION="$revision" --log-level=WARNING >/dev/null
  cmake --build "$folder/build/release" -j "${JOBS:-$(nproc)}"
  cpack --config "$folder/build/release/CPackConfig.cmake" -G DEB -B "$folder/build" >/dev/null
done
sha256sum "$work"/*/build/*.deb "$work"/*/build/release/exporter/pathwitness
cmp "$work"/one/build/*.deb "$work"/another-and-longer-name/build/*.deb
echo "check-reproducible: the same bytes twice"
