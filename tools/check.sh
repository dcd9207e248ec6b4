#!/bin/bash
# Format, lint tests, shellcheck and clang-tidy: tools/check.sh BUILD_DIR [FILE.cc...]
#
# BUILD_DIR holds compile_commands.json and the built tests. Without files all are looked at; a file
# that passed clang-tidy is not looked at again until it, a header or the rules change. TIDY=quick
# leaves out the tests and the static analyzer, which take three quarters of the time.
set -euo pipefail

build=$1
shift
cd "$(dirname "$0")/.."
failed=0

mapfile -t scripts < <(find packaging tools tests -name '*.sh'; ls packaging/debian/*{inst,rm} .ci/*)
export PASSED=${XDG_CACHE_HOME:-$HOME/.cache}/pathwitness-tidy BUILD=$build
mkdir -p "$PASSED"
if [[ ${TIDY:-all} == quick ]]; then
  export CHECKS='-clang-analyzer-*' SKIPPED='^tests/'
else
  export CHECKS='' SKIPPED='^$'
fi

echo "check: ${#scripts[@]} scripts"
shellcheck --severity=warning "${scripts[@]}" || failed=1

echo "check: format and lint tests"
ctest --test-dir "$build" -L '^lint$' --output-on-failure --no-tests=error >"$build/lint.log" 2>&1 || {
  cat "$build/lint.log"
  failed=1
}

# One key for everything a verdict depends on but the file itself: rules, headers, tool.
RULES=$( (
  find .clang-tidy config probes exporter tests -name '*.h' -o -name .clang-tidy | sort | xargs sha256sum
  clang-tidy --version
  echo "$CHECKS"
) | sha256sum)
export RULES
tidy() {
  local stamp
  stamp=$PASSED/$( (echo "$RULES"; sha256sum "$1") | sha256sum | cut -c1-32)
  if [[ -e $stamp ]]; then
    return 0
  fi
  if timeout 180 clang-tidy -p "$BUILD" --quiet --checks="$CHECKS" "$1" >"$BUILD/tidy.$$.log" 2>/dev/null; then
    touch "$stamp"
  else
    echo "check: clang-tidy refuses $1 (status $?)"
    cat "$BUILD/tidy.$$.log"
    return 1
  fi
}
export -f tidy

if [[ $# == 0 ]]; then
  # What no target here compiles (fuzz targets, say) has no flags to look at it with.
  mapfile -t sources < <(grep -o "\"file\": \"$PWD/[a-z][^\"]*\.cc\"" "$build/compile_commands.json" |
    sed "s|.*\"$PWD/\(.*\)\"|\1|" | grep -v '^build/' |
    grep -v "$SKIPPED" | sort -u)
  set -- "${sources[@]}"
fi
echo "check: clang-tidy of $# files"
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' tidy || failed=1

if [[ $failed != 0 ]]; then
  echo "check: failed"
  exit 1
fi
echo "check: passed"
