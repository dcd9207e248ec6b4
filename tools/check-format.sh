#!/bin/bash
# Fails when clang-format would change a file.
set -euo pipefail
cd "$(dirname "$0")/.."
find config probes exporter tests -name '*.h' -o -name '*.cc' | sort |
  xargs clang-format --dry-run -Werror
