#!/bin/bash
# Runs the unit tests and says which lines they reach: tools/coverage.sh
#
# A line for each folder; build/coverage/html/index.html shows every line. Code that no unit test
# links (main, the engines together) is not in it: the tests that start the program reach that.
set -euo pipefail

build=build/coverage
cmake --preset coverage --log-level=WARNING >/dev/null
cmake --build --preset coverage -j "$(nproc)" --target unit_tests

# One profile for each program, whose processes add to it.
rm -rf "$build/profiles" "$build/html"
LLVM_PROFILE_FILE=$(realpath "$build")/profiles/%m.profraw tools/run-tests.sh "$build" -j "$(nproc)" -L '^unit$'
llvm-profdata merge -sparse "$build"/profiles/*.profraw -o "$build/tests.profdata"

mapfile -t programs < <(ctest --test-dir "$build" -L '^unit$' --show-only=json-v1 |
  python3 -c 'import json, sys; [print(test["command"][0]) for test in json.load(sys.stdin)["tests"]]')
others=("${programs[@]:1}")
what=("${programs[0]}" "${others[@]/#/-object=}" "-instr-profile=$build/tests.profdata"
  "$PWD/config" "$PWD/diagnosis" "$PWD/exporter" "$PWD/probes")

llvm-cov show "${what[@]}" -format=html -output-dir="$build/html"
llvm-cov export "${what[@]}" -summary-only | python3 -c '
import collections, json, os, sys

lines = collections.defaultdict(lambda: [0, 0])
for file in json.load(sys.stdin)["data"][0]["files"]:
    for folder in (os.path.relpath(os.path.dirname(file["filename"])), "all"):
        lines[folder][0] += file["summary"]["lines"]["covered"]
        lines[folder][1] += file["summary"]["lines"]["count"]
for folder, (covered, count) in sorted(lines.items()):
    print(f"{folder:24} {covered:6} of {count:6} lines {100 * covered / count:5.1f} %")
'
