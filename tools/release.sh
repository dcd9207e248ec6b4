#!/bin/bash
# Makes what is given to others, in build/release-VERSION: the Debian package, a tarball of the same
# files, the sources, the list of what it is made of (SPDX), and the checksums of all.
#
# tools/release.sh [deb]: with `deb` only the package. The time of everything is that of the commit.
set -euo pipefail

cd "$(dirname "$0")/.."
only=${1:-all}
version=$(sed -n 's/^project(pathwitness VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
out=$PWD/build/release-$version

cmake --preset release --log-level=WARNING >/dev/null
cmake --build --preset release -j "${JOBS:-$(nproc)}"
tools/check-hardening.sh build/release/exporter/pathwitness

rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cpack --config build/release/CPackConfig.cmake -G DEB -B "$work" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
mv "$work"/*.deb "$out/"

if [[ $only != deb ]]; then
  name=pathwitness-$version
  deb=$(echo "$out"/*.deb)
  dpkg-deb --extract "$deb" "$work/$name"
  # Debian wants an absolute link, which leads out of a folder.
  ln -sfn ../../usr/share/pathwitness/alerts "$work/$name/etc/pathwitness/alerts"
  # In one order, of one owner, without the time of the compression.
  pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$work" -c "$1" | gzip -9n; }
  pack "$name" >"$out/$name-linux-$(dpkg --print-architecture).tar.gz"
  git archive --prefix="$name-source/" HEAD | gzip -9n >"$out/$name-source.tar.gz"
  tools/make-sbom.py "$work/$name/usr/bin/pathwitness" >"$out/$name.spdx.json"
fi
(cd "$out" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
ls -l "$out"
