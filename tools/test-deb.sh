#!/bin/bash
# Whether the Debian package passes lintian, and installs, starts and goes away in a Debian without
# systemd: tools/test-deb.sh PACKAGE.deb (as root)
set -euo pipefail

deb=$(readlink -f "$1")
cd "$(dirname "$0")/.."
say() { echo "test-deb: $*"; }

lintian --allow-root --fail-on error,warning "$deb"
say "lintian has nothing to say"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
depends=$(dpkg-deb --field "$deb" Depends | sed 's/ *([^)]*)//g; s/, /,/g')
mmdebstrap --quiet --variant=minbase --include="$depends" bookworm "$root" 2>"$work/log" || {
  cat "$work/log" >&2
  exit 1
}
inside() { chroot "$root" "$@"; }

echo '127.0.0.1 localhost' >"$root/etc/hosts"
cp "$deb" "$root/package.deb"
inside dpkg --install /package.deb >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
[[ $(inside stat -c '%U:%a' /var/lib/pathwitness) == pathwitness:750 ]]
inside pathwitness check config --config.file=/etc/pathwitness/config/default.yaml
inside pathwitness check alerts --rules=/etc/pathwitness/alerts/rules
say "installed without systemd; its configuration and its rules are valid"

# On a network of its own, as its own user, until it has probed.
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"; rm -rf "$work"' EXIT
unshare --net bash -euc '
  ip link set lo up
  chroot "$1" setpriv --reuid=pathwitness --regid=pathwitness --clear-groups \
    --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw --no-new-privs \
    pathwitness --config.file=/etc/pathwitness/config/default.yaml --log.level=error &
  trap "kill $!" EXIT
  chroot "$1" pathwitness check health --wait 30s' unshare "$root"
say "it starts, and is healthy and ready"

inside dpkg --purge pathwitness >"$work/log" 2>&1
[[ ! -e $root/usr/bin/pathwitness && ! -e $root/var/lib/pathwitness && ! -e $root/etc/pathwitness ]]
say "purged, and nothing is left"
