#!/bin/bash
# Runs ctest in a build folder: tools/run-tests.sh BUILD_DIR [ctest option...]
#
# Before ctest's summary, which comes last, it says which tests were skipped and why.
set -euo pipefail

build=$1
shift
log=$build/tests.log

status=0
ctest --test-dir "$build" --output-on-failure --no-tests=error "$@" 2>&1 </dev/null |
  tee "$log" | awk '/% tests passed,/ {held = 1} !held {print; fflush()}' || status=$?

# GoogleTest puts the reason between "Skipped" and the test's name.
skipped=$(awk '
  /: Skipped$/ {reason = ""; reading = 1; next}
  /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ {print "  " $4 ": " reason; reading = 0; next}
  reading && NF {reason = reason (reason == "" ? "" : " ") $0}
' "$build/Testing/Temporary/LastTest.log")
if [[ -n $skipped ]]; then
  printf 'Skipped:\n%s\n\n' "$skipped"
fi
sed -n '/% tests passed,/,$p' "$log"
exit "$status"
