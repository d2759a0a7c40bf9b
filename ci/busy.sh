#!/usr/bin/env bash
# Runs the tests several times in a row while every core is kept busy by something else, and fails
# at the first run that fails. No test may rest on how fast a machine happens to be.
#
#   ci/busy.sh [TIMES [ARGUMENT...]]    five times, `cargo test ARGUMENT...`
#
# QUINTET_BUSY is the number of busy loops; without it there are as many as cores.
set -euo pipefail
cd "$(dirname "$0")/.."

times=5
if [ "$#" -gt 0 ]; then
    times=$1
    shift
fi
case $times in '' | *[!0-9]*)
    echo "busy.sh: $times? how often, and then the arguments of cargo test" >&2
    exit 2
    ;;
esac
# A run that takes longer than this, in seconds, is one that hangs; no loop outlives all of them.
longest=1800

# Counts until all runs must be over, or until this script is gone, however it went.
busy() {
    local until=$((SECONDS + times * longest)) count
    while [ "$SECONDS" -lt "$until" ] && kill -0 "$$" 2> /dev/null; do
        for ((count = 0; count < 100000; count++)); do :; done
    done
}

# Compiled before, since the tests are what is tried here, not the compiler.
cargo test --locked --no-run "$@"

loops=()
end_loops() { [ "${#loops[@]}" -eq 0 ] || kill "${loops[@]}" 2> /dev/null || true; }
trap end_loops EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
for _ in $(seq "${QUINTET_BUSY:-$(nproc)}"); do
    busy &
    loops+=("$!")
done

for run in $(seq "$times"); do
    began=$SECONDS
    printf '\n=== run %d of %d, beside %d busy loops\n' "$run" "$times" "${#loops[@]}"
    INSTA_UPDATE=no timeout "$longest" cargo test --locked "$@"
    printf '=== run %d of %d passed in %d s\n' "$run" "$times" "$((SECONDS - began))"
done
