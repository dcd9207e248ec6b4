#!/bin/bash
# Measures path probing beside mtr and scamper, in about four minutes. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake -S . -B build/bench -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON --log-level=WARNING >/dev/null
cmake --build build/bench -j "$(nproc)" --target path_bench >/dev/null
exec build/bench/tests/bench/path_bench
