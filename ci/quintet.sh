#!/usr/bin/env bash
# Lints and runs the scenario files of a repository, for a CI job.
#
#   ci/quintet.sh [PATH…]        without paths: scenarios
#
# QUINTET: the program (default: quintet). QUINTET_REPORT: where the JSON lines go
# (default: quintet.jsonl). The exit code is that of `quintet run`: 0 holds, 1 violated, 2 usage or
# unreadable file, 3 could not check, 4 nothing was exercised.
set -u
quintet=${QUINTET:-quintet}
report=${QUINTET_REPORT:-quintet.jsonl}
[ $# -gt 0 ] || set -- scenarios

"$quintet" lint "$@" || exit
"$quintet" run --keep-going "$@"
code=$?
"$quintet" run --keep-going --format json "$@" > "$report"
echo "the report is in $report"
exit "$code"
