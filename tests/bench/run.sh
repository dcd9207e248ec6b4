#!/bin/bash
# Measures path probing beside mtr and scamper, in about four minutes. Needs root.
#
#   run.sh                    the engine, mtr and scamper, on idle and on busy cores
#   run.sh TOOL N [SECONDS]   one row: engine, limit, mtr, scamper, smokeping, blackbox; the whole exporter
#                             as pathwitness, or as prometheus when a real Prometheus shall scrape it
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake -S . -B build/bench -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON --log-level=WARNING >/dev/null
targets=(path_bench)
[[ ${1-} != pathwitness && ${1-} != prometheus ]] || targets+=(pathwitness)
cmake --build build/bench -j "$(nproc)" --target "${targets[@]}" >/dev/null
if [[ $# -lt 2 ]]; then
  exec build/bench/tests/bench/path_bench
fi
exec build/bench/tests/bench/path_bench "$1" "$2" build/bench/exporter/pathwitness "${3-24}"
