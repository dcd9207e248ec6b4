#!/bin/bash
# Keeps a few inputs for each fuzz target that reach much of what all together reach:
# tools/keep-corpus.sh BUILD_DIR [NAME...]
#
# Of what is kept in tests/fuzz/corpus/NAME and of what tools/fuzz.sh found; at most 60 files and
# 200 kB, so that a checkout stays small.
set -euo pipefail

build=$1
shift
if [[ $# == 0 ]]; then
  mapfile -t names < <(find "$build/fuzz/corpus" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
  set -- "${names[@]}"
fi
merged=$(mktemp -d)
trap 'rm -rf "$merged"' EXIT

for name in "$@"; do
  kept=tests/fuzz/corpus/$name
  rm -rf "${merged:?}/"*
  mkdir -p "$kept"
  "$build/tests/fuzz/${name}_fuzz" -set_cover_merge=1 -timeout=30 "$merged" "$kept" "$build/fuzz/corpus/$name" \
    >"$build/fuzz/$name.merge.log" 2>&1
  find "$kept" -type f -delete
  # Of too many, some of each size: what is small alone is shallow.
  find "$merged" -type f -printf '%s %p\n' | sort -n | awk '
    {size[NR] = $1; path[NR] = $2}
    END {
      for (i = 1; i <= NR; ++i) {
        if (NR > 60 && int(i * 60 / NR) == int((i - 1) * 60 / NR)) continue
        bytes += size[i]
        if (bytes <= 200000) print path[i]
      }
    }' | xargs -r cp -t "$kept"
  echo "$name: $(find "$kept" -type f | wc -l) files, $(du -bs "$kept" | cut -f 1) bytes"
done
