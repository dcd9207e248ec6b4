#!/bin/bash
# Builds the image and uses it once (as root): tools/test-image.sh [IMAGE]
#
# The base is bootstrapped from Debian's packages, so no registry of images is asked. The image runs
# behind a router of its own, read-only, with and without NET_RAW. With IMAGE that one is tested.
set -euo pipefail

cd "$(dirname "$0")/.."
image=${1:-}
name=pathwitness-test-$$
work=$(mktemp -d)
containers=()
# There is no systemd to run health checks on time, which podman says again and again.
podman() { command podman --runtime runc "$@" 2> >(grep -v 'systemd connection' >&2); }
say() { echo "test-image: $*"; }

clean_up() {
  for container in "${containers[@]}"; do
    podman rm --force "$container" >/dev/null 2>&1 || true
  done
  for namespace in prober router target; do
    ip netns delete "$name-$namespace" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

make_base() {
  if podman image exists localhost/debian:bookworm-slim; then
    return 0
  fi
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$work/base.tar"
  local container
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$work/base.tar" / >/dev/null
  buildah commit --quiet "$container" localhost/debian:bookworm-slim >/dev/null
  buildah rm "$container" >/dev/null
}

build() {
  make_base
  local cache=${CCACHE_DIR:-$HOME/.cache/ccache}
  mkdir -p "$cache"
  buildah bud --isolation=chroot --pull-never --format docker --layers --tag pathwitness:ci \
    --volume "$cache:/root/.cache/ccache" \
    --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(git log -1 --format=%cI)" \
    --file Dockerfile . >"$work/build.log" 2>&1 || {
    tail -n 50 "$work/build.log" >&2
    exit 1
  }
  image=localhost/pathwitness:ci
}

# prober (192.0.2.1) - router (192.0.2.2, 198.51.100.1) - target (198.51.100.2)
make_network() {
  for namespace in prober router target; do
    ip netns add "$name-$namespace"
    ip -n "$name-$namespace" link set lo up
  done
  ip -n "$name-prober" link add uplink type veth peer name left netns "$name-router"
  ip -n "$name-target" link add uplink type veth peer name right netns "$name-router"
  ip -n "$name-prober" address add 192.0.2.1/24 dev uplink
  ip -n "$name-router" address add 192.0.2.2/24 dev left
  ip -n "$name-router" address add 198.51.100.1/24 dev right
  ip -n "$name-target" address add 198.51.100.2/24 dev uplink
  ip -n "$name-prober" link set uplink up
  ip -n "$name-router" link set left up
  ip -n "$name-router" link set right up
  ip -n "$name-target" link set uplink up
  ip -n "$name-prober" route add default via 192.0.2.2
  ip -n "$name-target" route add default via 198.51.100.1
  ip netns exec "$name-router" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
  ip netns exec "$name-target" sysctl -qw net.ipv4.icmp_ratelimit=0
}

write_config() {
  cat >"$work/default.yaml" <<'YAML'
alerting: {rules: /etc/pathwitness/alerts/rules}
targets:
  - name: here-to-target
    host: 198.51.100.2
    trace: {protocols: [udp], interval: 1s, end_to_end_interval: 200ms, timeout: 500ms}
YAML
  chmod 644 "$work/default.yaml"
  chmod 755 "$work"
}

# run NAME OPTION...: the container's id is then in $container.
run() {
  local as=$1
  shift
  container=$(podman run --detach --name "$name-$as" \
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network="ns:/run/netns/$name-prober" \
    --cap-drop=ALL --read-only --security-opt=no-new-privileges \
    --tmpfs /var/lib/pathwitness:mode=0777 \
    --volume "$work/default.yaml:/etc/pathwitness/config/default.yaml:ro" "$@" "$image")
  containers+=("$container")
}

# What must hold for a container that runs: it logs $2, if $1 is "logs"; it does not, if it is "hides".
check() {
  podman exec "$container" /bin/pathwitness check health --wait 30s >/dev/null || {
    podman logs "$container" >&2
    exit 1
  }
  podman healthcheck run "$container"
  podman logs "$container" >"$work/log" 2>&1
  local found=hides
  grep -F "$2" "$work/log" >/dev/null && found=logs
  if [[ $found != "$1" ]]; then
    say "the container $found: $2" >&2
    exit 1
  fi
  ip netns exec "$name-prober" curl -sf http://192.0.2.1:10059/metrics >"$work/metrics"
  grep -q '^pathwitness_path_hop_info{.*192\.0\.2\.2' "$work/metrics"
  grep -q '^pathwitness_path_reached{.*} 1$' "$work/metrics"
  podman stop --time 5 "$container" >/dev/null
  [[ $(podman inspect --format '{{.State.ExitCode}}' "$container") == 0 ]]
}

check_compose() {
  GRAFANA_PASSWORD="any" docker-compose --file packaging/compose/docker-compose.yaml config --quiet
}

if [[ -z $image ]]; then
  build
fi
podman image inspect --format '{{.Config.User}} {{.Config.Healthcheck}}' "$image" >"$work/image"
grep -q '^65532:65532 .*check health' "$work/image"
make_network
write_config
run raw --cap-add=NET_RAW
check hides 'tracing without raw sockets'
say "with NET_RAW it traces by raw sockets, read-only, without other privileges"
run degraded
check logs 'tracing without raw sockets'
say "without NET_RAW it traces by unprivileged sockets"
check_compose
say "the compose file is valid"
podman image inspect --format 'test-image: {{.Size}} bytes' "$image"
