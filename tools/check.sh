#!/bin/bash
# Format, lint tests, shellcheck and clang-tidy: tools/check.sh BUILD_DIR [FILE.cc...]
#
# BUILD_DIR holds compile_commands.json and the built tests. Without files all are looked at; a file
# that passed clang-tidy is not looked at again until it, a header or the rules change.
set -euo pipefail

build=$1
shift
cd "$(dirname "$0")/.."
failed=0

mapfile -t code < <(git ls-files -co --exclude-standard -- '*.cc' '*.h')
mapfile -t scripts < <(git ls-files -co --exclude-standard -- '*.sh' .ci/run)
export PASSED=${XDG_CACHE_HOME:-$HOME/.cache}/pathwitness-tidy BUILD=$build
mkdir -p "$PASSED"

echo "check: format of ${#code[@]} files"
clang-format --dry-run -Werror "${code[@]}" || failed=1

echo "check: ${#scripts[@]} scripts"
shellcheck --severity=warning "${scripts[@]}" || failed=1

echo "check: lint tests"
ctest --test-dir "$build" -L '^lint$' --output-on-failure --no-tests=error >"$build/lint.log" 2>&1 || {
  cat "$build/lint.log"
  failed=1
}

# One key for everything a verdict depends on but the file itself: rules, headers, tool.
RULES=$( (
  git ls-files -co --exclude-standard -- '*.h' '.clang-tidy' '*/.clang-tidy' | sort | xargs sha256sum
  clang-tidy --version
) | sha256sum)
export RULES
tidy() {
  local stamp
  stamp=$PASSED/$( (echo "$RULES"; sha256sum "$1") | sha256sum | cut -c1-32)
  if [[ -e $stamp ]]; then
    return 0
  fi
  if timeout 180 clang-tidy -p "$BUILD" --quiet "$1" >"$BUILD/tidy.$$.log" 2>/dev/null; then
    touch "$stamp"
  else
    echo "check: clang-tidy refuses $1 (status $?)"
    cat "$BUILD/tidy.$$.log"
    return 1
  fi
}
export -f tidy

if [[ $# == 0 ]]; then
  # Files that no target compiles (fuzz targets, say) have no flags to look at them with.
  mapfile -t sources < <(for file in "${code[@]}"; do
    if [[ $file == *.cc ]] && grep -q "\"file\": \"$PWD/$file\"" "$build/compile_commands.json"; then
      echo "$file"
    fi
  done)
  set -- "${sources[@]}"
fi
echo "check: clang-tidy of $# files"
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' tidy || failed=1

if [[ $failed != 0 ]]; then
  echo "check: failed"
  exit 1
fi
echo "check: passed"
