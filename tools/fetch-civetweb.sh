#!/bin/bash
# Brings civetweb's source, as Debian packages it, to .deps/civetweb.
#
# Debian 12's own civetweb has neither IPv6 nor a TLS that starts, so the next releases' source
# package is built with the project. It comes through apt, with apt's signature checks, from the
# repository this machine already uses; the machine's sources and lists stay as they are.
# Does nothing when the source is there. `--offline` fails at once instead of fetching.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/.deps
target=$deps/civetweb
# The first version with the fixes for CVE-2025-55763 and CVE-2025-9648.
oldest_version='1.16+dfsg-2+deb13u1'

say() { echo "fetch-civetweb: $*" >&2; }

if [[ -f $target/VERSION ]]; then
  exit 0
fi
if [[ ${1:-} == --offline ]]; then
  say "no source in $target"
  exit 1
fi

mkdir -p "$deps"
work=$(mktemp -d "$deps/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/download"

# Where this machine's packages come from; the security archive has other suites.
repository=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -n 1)
if [[ -z $repository ]]; then
  say "apt knows no repository on this machine"
  exit 1
fi

private_apt() {
  local suite=$1
  shift
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $repository $suite main" \
    >"$work/apt/sources.list"
  # As root apt drops to a user that may not be allowed to write here.
  apt-get -qq \
    -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

newest_version() {
  private_apt "$1" source --print-uris --download-only civetweb |
    sed -n "s/.* civetweb_\([^ ]*\)\.dsc .*/\1/p" | head -n 1
}

# The .dsc of an updated package can be missing on a mirror that has both tarballs; apt then
# fails as a whole although each tarball was checked against the signed index. The tarballs do.
download() {
  local suite=$1 version
  private_apt "$suite" update || return 1
  version=$(newest_version "$suite")
  if [[ $version != 1.16+dfsg-* ]] || dpkg --compare-versions "$version" lt "$oldest_version"; then
    say "$suite has '$version', which lacks security fixes or is not 1.16"
    return 1
  fi
  (cd "$work/download" && private_apt "$suite" source --download-only civetweb) >"$work/log" 2>&1 ||
    true
  if ! compgen -G "$work/download/*.orig.tar.*" >/dev/null ||
    ! compgen -G "$work/download/*.debian.tar.*" >/dev/null; then
    cat "$work/log" >&2
    return 1
  fi
  echo "$version" >"$work/VERSION"
}

download trixie || { rm -f "$work/download/"*; download sid; } || {
  say "could not fetch the source; the system's libcivetweb-dev is the fallback"
  exit 1
}

mkdir "$work/source"
tar -C "$work/source" --strip-components=1 -xf "$work/download/"*.orig.tar.*
tar -C "$work/source" -xf "$work/download/"*.debian.tar.*
while read -r name _; do
  if [[ -n $name && $name != \#* ]]; then
    patch --quiet --batch --no-backup-if-mismatch -d "$work/source" -p1 <"$work/source/debian/patches/$name"
  fi
done <"$work/source/debian/patches/series"

mkdir "$work/civetweb"
cp -r "$work/source/include" "$work/source/src" "$work/source/LICENSE.md" "$work/source/debian/copyright" \
  "$work/VERSION" "$work/civetweb/"
rm -rf "$target"
mv "$work/civetweb" "$target"
say "fetched $(cat "$target/VERSION")"
