#!/usr/bin/env bash
# Gets the jars of one Apache Kafka broker (pom.xml names their versions) and prints their folder.
#
# Needs: Maven and a Java of version 17 or later. Does nothing when the jars are there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
libs=${QUINTET_KAFKA_LIBS:-$here/../../target/kafka/libs}

mkdir -p "$libs"
libs=$(cd "$libs" && pwd)
# Several tests may ask at the same time; the first fetches and the others wait.
exec 9> "$libs.lock"
flock 9
# The copy of pom.xml is written last, so it tells both that all jars came and which they are.
if ! cmp -s "$here/pom.xml" "$libs/pom.xml"; then
    rm -rf "${libs:?}"/*
    mvn --batch-mode --quiet --file "$here/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$libs" >&2
    cp "$here/pom.xml" "$libs/pom.xml"
fi
printf '%s\n' "$libs"
