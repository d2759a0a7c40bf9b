#!/bin/sh
# Verifies a service that runs in a container against a broker that runs in another.
#
#   IMAGE=registry.example/ban:1.4 SERVICE=ban sh verify.sh
#
# Needs docker and quintet. The service finds the broker by BOOTSTRAP_SERVERS; change the last
# lines of `docker run` where yours is told otherwise.
set -eu

SERVICE=${SERVICE:?the service to verify: ban, account, login, effective_stats or invite}
IMAGE=${IMAGE:?the image of your implementation}
KAFKA=${KAFKA:-apache/kafka:4.1.0}
OUT=${OUT:-quintet-report}

network=quintet-$$
stop() {
    status=$?
    # What your service wrote is worth more than anything when it fails.
    if [ "$status" -ne 0 ] && docker inspect "$network-service" >/dev/null 2>&1; then
        docker logs --tail 50 "$network-service" >&2
    fi
    docker rm -f "$network-service" "$network-kafka" >/dev/null 2>&1 || true
    docker network rm "$network" >/dev/null 2>&1 || true
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

docker network create "$network" >/dev/null
docker run -d --name "$network-kafka" --network "$network" -p 127.0.0.1:29092:29092 \
    -e KAFKA_NODE_ID=1 \
    -e KAFKA_PROCESS_ROLES=broker,controller \
    -e KAFKA_CONTROLLER_QUORUM_VOTERS=1@localhost:9093 \
    -e KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER \
    -e KAFKA_LISTENERS=INSIDE://:9092,OUTSIDE://:29092,CONTROLLER://:9093 \
    -e KAFKA_ADVERTISED_LISTENERS="INSIDE://$network-kafka:9092,OUTSIDE://127.0.0.1:29092" \
    -e KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT \
    -e KAFKA_INTER_BROKER_LISTENER_NAME=INSIDE \
    -e KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=1 \
    -e KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS=0 \
    "$KAFKA" >/dev/null
# It takes some seconds, and whoever asks sooner is refused.
tries=60
until docker logs "$network-kafka" 2>&1 | grep -q 'Kafka Server started'; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        docker logs --tail 50 "$network-kafka" >&2
        echo 'the broker did not start within a minute' >&2
        exit 3
    fi
    sleep 1
done
docker run -d --name "$network-service" --network "$network" \
    -e BOOTSTRAP_SERVERS="$network-kafka:9092" \
    "$IMAGE" >/dev/null

mkdir -p "$OUT"
# 0 holds, 1 violation, 3 nobody there, 4 nothing exercised: `quintet explain exit`.
quintet verify "$SERVICE" --on 127.0.0.1:29092 --wait 120s \
    --format text --format junit --out "$OUT/junit.xml" --format json --out "$OUT/verify.jsonl"
