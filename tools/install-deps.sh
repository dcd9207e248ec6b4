#!/bin/bash
# Installs the Debian packages that are missing: tools/install-deps.sh GROUP...
#
# Groups: runtime (what the program links), build (compiler and headers), test (servers, peers,
# linters and the browser that the tests use), image (what builds and runs an image). Asks no network when nothing is missing. Without root it names what
# is missing and fails.
set -euo pipefail

runtime=(ca-certificates libc-ares2 libcurl4 libdeflate0 libcap2 libfmt9 libmaxminddb0
  libre2-9 libspdlog1.10 libsqlite3-0 libssl3 libyaml-cpp0.7 zlib1g)
build=(ccache cmake dpkg-dev g++ git libc-ares-dev libcap-dev libcap2-bin libcivetweb-dev libcli11-dev
  libcurl4-openssl-dev libdeflate-dev libfmt-dev libmaxminddb-dev libre2-dev libspdlog-dev libsqlite3-dev libssl-dev
  libyaml-cpp-dev ninja-build nlohmann-json3-dev patch pkg-config prometheus-cpp-dev xz-utils
  zlib1g-dev)
test=(chromium clang libclang-rt-14-dev clang-format clang-tidy curl e2fsprogs iproute2 iputils-ping libbenchmark-dev libgmock-dev
  libgtest-dev lintian llvm man-db memcached mtr-tiny nftables nginx-light nodejs openssl prometheus prometheus-alertmanager
  prometheus-blackbox-exporter prometheus-smokeping-prober python3
  python3-jsonschema python3-yaml scamper shellcheck swift-account swift-container swift-object swift-proxy systemd
  yamllint zsh)
# Other distributors' nodejs brings npm with it, and Debian's npm does not go with that.
[[ -x $(command -v npm || true) ]] || test+=(npm)
image=(buildah docker-compose mmdebstrap podman runc)

wanted=()
for group in "$@"; do
  case $group in
    runtime) wanted+=("${runtime[@]}") ;;
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    image) wanted+=("${image[@]}") ;;
    *)
      echo "install-deps: unknown group '$group'; known: runtime, build, test, image" >&2
      exit 2
      ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} == 0 ]]; then
  exit 0
fi
if [[ $(id -u) != 0 ]]; then
  echo "install-deps: these packages are missing and need root to install:" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "install-deps: installing ${missing[*]}" >&2
# Debian starts a service as soon as it is installed; this policy file forbids that (101 = no).
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq -o Acquire::Retries=3 update &&
  apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install --yes \
    --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  rm -f "$log"
  exit 1
fi
rm -f "$log"
