#!/usr/bin/env bash
# One Apache Kafka broker without a container, for tests that kill it.
#
#   broker.sh start DIR [tls]   starts it, or starts it again, on the same port and with the same
#                               records; prints HOST:PORT once it takes requests
#   broker.sh kill DIR          kill -9: nothing is flushed, nobody is told
#   broker.sh stop DIR          ends it in order
#
# With `tls` it listens with SASL_SSL and SCRAM-SHA-512 for the user alice, whose password is
# alice-secret; DIR/ca.pem is the authority that signed its certificate.
#
# Needs: a Java of version 17 or later, Maven for the jars, openssl for `tls`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

action=${1:?start, kill or stop}
dir=${2:?the folder of the broker}
kind=${3:-plain}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
log=$dir/broker.log
# It serves a test for seconds: it starts sooner without the second compiler, and needs little.
java=(java -XX:+UseSerialGC -XX:TieredStopAtLevel=1)

# A port that is free now. Above 32767 the system hands ports out by itself, and could give ours
# away while the broker is down.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
            echo "$port"
            return
        fi
    done
}

# An authority of its own, and a certificate for localhost and 127.0.0.1 signed by it.
certificates() {
    cd "$dir"
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=authority for tests' \
        -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout broker.key -out broker.csr
    openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
        -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out broker.pem
    # Java reads keys in PKCS #8 only.
    openssl pkcs8 -topk8 -nocrypt -in broker.key -out broker.p8
    cat broker.p8 broker.pem > keystore.pem
}

configure() {
    local port controller protocol=PLAINTEXT
    port=$(free_port)
    controller=$(free_port)
    while [ "$controller" = "$port" ]; do controller=$(free_port); done
    if [ "$kind" = tls ]; then protocol=SASL_SSL; fi
    cat > "$dir/server.properties" << EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=CLIENT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=CLIENT://127.0.0.1:$port
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CLIENT:$protocol,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
num.partitions=3
# One broker keeps the only copy.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# A group starts with its first member, and members of either protocol may be impatient.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=200
# After a kill the controller waits until the broker's session is over before it may come back.
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
EOF
    local users=()
    if [ "$kind" = tls ]; then
        certificates > "$dir/certificates.log" 2>&1
        cat >> "$dir/server.properties" << EOF
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="alice-secret";
ssl.keystore.type=PEM
ssl.keystore.location=$dir/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=$dir/ca.pem
EOF
        users=(--add-scram 'SCRAM-SHA-512=[name=alice,password=alice-secret]')
    fi
    "${java[@]}" -cp "$libs/*" kafka.tools.StorageTool format \
        -t 5L6g3nShT-eMCtK--X86sw -c "$dir/server.properties" "${users[@]}" > "$dir/format.log" 2>&1
    # Written last: with it, the next start takes the folder as it is.
    echo "127.0.0.1:$port" > "$dir/bootstrap"
}

# Ends the broker with this signal, and waits until its process is gone.
end() {
    local pid
    pid=$(cat "$dir/pid" 2> /dev/null) || return 0
    kill "-$1" "$pid" 2> /dev/null || true
    for _ in $(seq 300); do
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.1
    done
    rm -f "$dir/pid"
}

start() {
    libs=$("$here/fetch.sh")
    [ -f "$dir/bootstrap" ] || configure
    : > "$log"
    # The broker outlives this script and must not hold on to what it was given.
    setsid "${java[@]}" -Xmx384m -Dlog4j2.configurationFile="$here/log4j2.properties" \
        -cp "$libs/*" kafka.Kafka "$dir/server.properties" < /dev/null > "$log" 2>&1 9>&- &
    echo $! > "$dir/pid"
    for _ in $(seq 600); do
        if grep -q 'Kafka Server started' "$log"; then
            cat "$dir/bootstrap"
            return
        fi
        kill -0 "$(cat "$dir/pid")" 2> /dev/null || break
        sleep 0.1
    done
    echo "the broker in $dir did not start:" >&2
    tail -n 20 "$log" >&2
    exit 1
}

case $action in
    start) start ;;
    kill) end KILL ;;
    stop) end TERM ;;
    *)
        echo "broker.sh: $action? start, kill or stop" >&2
        exit 2
        ;;
esac
