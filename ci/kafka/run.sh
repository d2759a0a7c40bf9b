#!/usr/bin/env bash
# Starts the broker of the image: each variable KAFKA_A_B is the property a.b (`__` stands for `_`,
# `___` for `-`), and CLUSTER_ID, where it is set, is what its folder is formatted with.
set -euo pipefail

properties=/opt/kafka/server.properties
: > "$properties"
while IFS= read -r -d '' variable; do
    name=${variable%%=*}
    case $name in
        KAFKA_HEAP_OPTS | KAFKA_OPTS) continue ;;
        KAFKA_*) ;;
        *) continue ;;
    esac
    name=${name#KAFKA_}
    # Through characters that no variable's name has, so that a dot is not taken for a `_` again.
    name=${name//___/-}
    name=${name//__/+}
    name=${name//_/.}
    name=${name//+/_}
    printf '%s=%s\n' "${name,,}" "${variable#*=}" >> "$properties"
done < <(env -0)
printf 'log.dirs=/opt/kafka/data\n' >> "$properties"

java=(java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*')
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted \
    -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$properties"
# Word splitting is meant: the variable holds several options.
# shellcheck disable=SC2086
exec "${java[@]}" ${KAFKA_HEAP_OPTS:--Xmx384m} \
    -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties kafka.Kafka "$properties"
