#!/usr/bin/env bash
# Builds the planted implementations that are not written in Rust, and prints where they are. Does
# nothing where they are there already and no source has changed.
#
# Needs: Go of the version in go.mod, or a Go that may fetch it, and a module proxy (GOPROXY).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/target/implementations

mkdir -p "$out"
# Several tests may ask at the same time; the first builds and the others find it built.
exec 9> "$out/lock"
flock 9
# Beside a repository or without one it is the same program.
go build -C "$here/kafka-go" -buildvcs=false -trimpath -o "$out/kafka-go" . >&2
printf '%s\n' "$out/kafka-go"
