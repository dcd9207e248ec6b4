#!/bin/bash
# Lays out the root of the image in a Debian that has the runtime packages:
# make-root.sh PROGRAM FOLDER
#
# What is in it: the shared libraries that PROGRAM loads, the authorities for TLS, the names of the
# root and the program's user, and, for scanners, what dpkg knows of the packages it all is from.
set -euo pipefail

program=$1
root=$2

mkdir -p "$root"/{bin,dev,etc/ssl/certs,proc,sys,usr/lib,usr/lib64,usr/share/doc,var/lib/dpkg/status.d}
mkdir -m 1777 "$root/tmp"
# Debian's own links: the loader and the libraries are looked for there.
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

# The loader is named without an arrow, the libraries behind one.
mapfile -t files < <(ldd "$program" | grep -o '/[^ ]*' | sort -u)
for file in "${files[@]}"; do
  real=$(readlink -f "$file")
  place=$(readlink -f "$(dirname "$file")")
  install -D -m 0755 "$real" "$root$place/$(basename "$file")"
done

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
install -D -m 0644 /etc/ssl/openssl.cnf "$root/usr/lib/ssl/openssl.cnf"
cat >"$root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/:/sbin/nologin
pathwitness:x:65532:65532:pathwitness:/var/lib/pathwitness:/sbin/nologin
PASSWD
cat >"$root/etc/group" <<'GROUP'
root:x:0:
pathwitness:x:65532:
GROUP
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
cp /etc/os-release "$root/etc/os-release"

for file in "${files[@]}"; do
  name=$(readlink -f "$file")
  dpkg -S "$name" 2>/dev/null || dpkg -S "${name#/usr}"
done | cut -d: -f1 | sort -u >/tmp/packages
echo ca-certificates >>/tmp/packages
while read -r package; do
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
  # Their licences must come with them.
  install -D -m 0644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
done </tmp/packages
