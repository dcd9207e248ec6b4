#!/bin/bash
# Runs ctest in a build folder: tools/run-tests.sh BUILD_DIR [ctest option...]
#
# Before ctest's summary, which comes last, it says which tests were skipped and why. What a
# sanitizer reports in any process, also in one that a test starts and kills, is a failure.
set -euo pipefail

build=$1
shift
log=$build/tests.log

reports=$(realpath "$build")/sanitizer
rm -rf "$reports"
mkdir -m 1777 "$reports"  # some tests drop their privileges
for tool in ASAN LSAN TSAN UBSAN; do
  options=${tool}_OPTIONS
  export "$options=${!options:+${!options}:}log_path=$reports/report:log_exe_name=1"
done

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
for report in "$reports"/*; do
  [[ -e $report ]] || continue
  printf '\n%s\n' "$report"
  head -n 100 "$report"
  status=1
done
exit "$status"
