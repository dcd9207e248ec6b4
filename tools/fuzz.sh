#!/bin/bash
# Builds the fuzz targets and runs each for some seconds: tools/fuzz.sh SECONDS
#
# A target NAME_fuzz starts from the inputs in tests/fuzz/corpus/NAME_fuzz, when there are any. An
# input that crashes it stays in build/fuzz/crashes.
set -euo pipefail

seconds=$1
cmake --preset fuzz --log-level=WARNING >/dev/null
cmake --build --preset fuzz -j "$(nproc)" --target tests/fuzz/all

crashes=build/fuzz/crashes
mkdir -p "$crashes"
found=0
for fuzzer in build/fuzz/tests/fuzz/*_fuzz; do
  [[ -x $fuzzer ]] || continue
  found=$((found + 1))
  name=$(basename "$fuzzer")
  grown=build/fuzz/corpus/$name
  mkdir -p "$grown"
  corpus=("$grown")
  if [[ -d tests/fuzz/corpus/$name ]]; then
    corpus+=("tests/fuzz/corpus/$name")
  fi
  echo "fuzz: $name for $seconds s"
  if ! "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$crashes/$name-" "${corpus[@]}" >"build/fuzz/$name.log" 2>&1; then
    tail -n 60 "build/fuzz/$name.log" >&2
    exit 1
  fi
  grep -E 'number_of_executed_units' "build/fuzz/$name.log"
done
if [[ $found == 0 ]]; then
  echo "fuzz: no fuzz targets were built" >&2
  exit 1
fi
