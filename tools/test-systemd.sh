#!/bin/bash
# Whether the service does what its unit promises, under a systemd of its own:
# tools/test-systemd.sh PACKAGE.deb (as root)
#
# A Debian with the package boots in namespaces, without any network. There systemd must see it start,
# reload and end, and restart it when its watchdog is no longer fed.
set -euo pipefail

deb=$(readlink -f "$1")
say() { echo "test-systemd: $*"; }

# systemd wants a hierarchy of control groups that it may change.
cgroup=/sys/fs/cgroup/systemd/pathwitness-test-$$
if ! mkdir "$cgroup" 2>/dev/null; then
  say "skipped: no named hierarchy of control groups at /sys/fs/cgroup/systemd"
  exit 0
fi
work=$(mktemp -d)
root=$work/root
system=
clean_up() {
  [[ -z $system ]] || { kill -9 "$system" && wait "$system"; } 2>/dev/null || true
  rm -rf "$work"
  find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
}
trap clean_up EXIT

depends=$(dpkg-deb --field "$deb" Depends | sed 's/ *([^)]*)//g; s/, /,/g')
mmdebstrap --quiet --variant=minbase --include="systemd,$depends" bookworm "$root" 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
cp "$deb" "$root/package.deb"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
chroot "$root" dpkg --install /package.deb >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

boot() {
  echo "$BASHPID" >"$cgroup/cgroup.procs"
  # shellcheck disable=SC2016  # $1 is the inner shell's
  exec unshare --kill-child --pid --fork --mount --net --ipc --uts --cgroup --propagation private bash -euc '
    root=$1
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    mkdir "$root/sys/fs/cgroup/systemd"
    mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    while read -r name minor; do
      mknod -m 666 "$root/dev/$name" c 1 "$minor"
    done <<<"null 3
zero 5
full 7
random 8
urandom 9"
    mknod -m 666 "$root/dev/tty" c 5 0
    mkdir "$root/dev/pts" "$root/dev/shm"  # which PrivateDevices= looks for
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t tmpfs tmpfs "$root/run"
    ip link set lo up
    cd "$root"
    mkdir put_old
    pivot_root . put_old
    umount -l /put_old
    exec env -i container=other PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system --show-status=no \
      --log-target=console --unit=multi-user.target' boot "$root" >"$work/log" 2>&1 </dev/null
}
boot &
system=$!

# within SECONDS COMMAND...: until it succeeds.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      say "not in time: $*" >&2
      inside systemctl status pathwitness --no-pager --lines=30 >&2 || cat "$work/log" >&2
      exit 1
    fi
    sleep 0.2
  done
}
inside() { nsenter --target "$(pgrep -P "$system")" --all "$@"; }
shows() { inside systemctl show pathwitness --property="$1" --value; }
has() { [[ $(shows "$1") == "$2" ]]; }

within 60 has ActiveState active
[[ $(shows StatusText) == watching* ]]
inside pathwitness check health --wait 30s
say "it has started ($(shows StatusText)), in its sandbox"

reloaded() { inside journalctl --unit pathwitness --output cat | grep -q 'configuration reloaded'; }
inside systemctl reload pathwitness
within 20 reloaded
has ActiveState active
say "it has reloaded"

inside systemctl kill --signal=STOP pathwitness
within 90 has NRestarts 1
within 30 has ActiveState active
say "frozen, it was restarted by the watchdog"

inside systemctl stop pathwitness
has Result success
say "it has ended"
