#!/bin/bash
# Runs each fuzz target on its kept corpus, then for some seconds more:
# tools/fuzz.sh BUILD_DIR SECONDS [NAME...]
#
# Two at a time, or $JOBS. What is kept for NAME_fuzz is in tests/fuzz/corpus/NAME; what a run adds
# stays in BUILD_DIR/fuzz/corpus/NAME, an input that crashes in BUILD_DIR/fuzz/crashes.
# tools/keep-corpus.sh keeps the best of both. FUZZ_SEED=1 tries the same inputs each time.
set -euo pipefail

export BUILD=$1 DURATION=$2
shift 2
if [[ $# == 0 ]]; then
  mapfile -t names < <(find "$BUILD/tests/fuzz" -maxdepth 1 -type f -perm -1 -name '*_fuzz' -printf '%f\n' | sort)
  set -- "${names[@]%_fuzz}"
fi
if [[ $# == 0 ]]; then
  echo "fuzz: no fuzz targets were built" >&2
  exit 1
fi
mkdir -p "$BUILD/fuzz/crashes"

fuzz() {
  local name=$1 log=$BUILD/fuzz/$1.log grown=$BUILD/fuzz/corpus/$1 kept=tests/fuzz/corpus/$1
  mkdir -p "$grown"
  if [[ ! -d $kept ]]; then
    echo "fuzz: nothing is kept in $kept"
    return 1
  fi
  if ! "$BUILD/tests/fuzz/${name}_fuzz" -max_total_time="$DURATION" -seed="${FUZZ_SEED:-0}" -timeout=30 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$BUILD/fuzz/crashes/$name-" "$grown" "$kept" >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "fuzz: $name failed"
    return 1
  fi
  awk -v name="$name" -v kept="$(find "$kept" -type f | wc -l)" \
    '/number_of_executed_units/ {print "fuzz: " name ": " kept " kept, " $2 " executed"}' "$log"
}
export -f fuzz

printf '%s\0' "$@" | xargs -0 -n 1 -P "${JOBS:-2}" bash -c 'fuzz "$1"' fuzz
