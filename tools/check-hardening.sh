#!/bin/bash
# Whether a release was built as cmake/compiler.cmake says: tools/check-hardening.sh PROGRAM
set -euo pipefail

program=$1
headers=$(readelf -hldnW "$program")
symbols=$(readelf --dyn-syms -W "$program")
failed=0

expect() {
  local what=$1 where=$2 pattern=$3
  if ! grep -Eq -- "$pattern" <<<"$where"; then
    echo "check-hardening: $program lacks $what" >&2
    failed=1
  fi
}

expect 'position independence' "$headers" 'Type: +DYN'
expect 'relocations that are read-only' "$headers" 'GNU_RELRO'
expect 'immediate binding' "$headers" 'BIND_NOW|Flags:.* NOW'
expect 'a stack that does not execute' "$headers" 'GNU_STACK[ 0-9a-fx]* RW '
expect 'stack protectors' "$symbols" '__stack_chk_fail'
expect 'checked calls (_FORTIFY_SOURCE)' "$symbols" '__(memcpy|snprintf|vsnprintf|read|recv)_chk'
if [[ $(uname -m) == x86_64 ]]; then
  # Not the property in its headers: Debian's startup files have none, so the linker drops it.
  expect 'landing marks of branches (-fcf-protection)' "$(objdump -d "$program" | grep -A1 '<main>:')" endbr64
fi
if grep -Eq ' (fork|vfork|posix_spawnp?|exec[lv][ep]*|system|popen)@' <<<"$symbols"; then
  echo "check-hardening: $program can start other programs" >&2
  failed=1
fi
if grep -aqF "$PWD/" "$program"; then
  echo "check-hardening: $program tells where it was built ($PWD)" >&2
  failed=1
fi
exit "$failed"
